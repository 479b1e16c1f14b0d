namespace Moru.Server.Tests;

public sealed class MetricEndpointSpecs
{
    [Fact]
    public async Task The_first_sample_comes_at_once_and_another_every_five_seconds()
    {
        await using var server = await MemoryServer.StartAsync();
        var id = await server.CreateAsync();

        await CountAsync(server, id, 1);
        for (var count = 2; count <= 4; count++)
        {
            server.Clock.Advance(TimeSpan.FromSeconds(5));
            await CountAsync(server, id, count);
        }

        var first = (await server.GetAsync($"/sandboxes/{id}/metrics")).Json[0];
        Assert.Equal(
            ["timestamp", "timestampUnix", "cpuCount", "cpuUsedPct", "memUsed", "memTotal", "diskUsed", "diskTotal"], first.EnumerateObject().Select(member => member.Name));
        Assert.Equal((2, 12.5, 512 << 20), (first.GetProperty("cpuCount").GetInt32(), first.GetProperty("cpuUsedPct").GetDouble(), first.GetProperty("memTotal").GetInt32()));
    }

    [Fact]
    public async Task A_range_is_given_in_seconds_or_milliseconds()
    {
        await using var server = await MemoryServer.StartAsync();
        var id = await server.CreateAsync();
        await CountAsync(server, id, 1);
        var first = server.Clock.GetUtcNow().ToUnixTimeSeconds();
        server.Clock.Advance(TimeSpan.FromSeconds(5));
        await CountAsync(server, id, 2);

        Assert.Equal(1, await LengthAsync($"start={first + 1}"));
        Assert.Equal(1, await LengthAsync($"start={(first + 1) * 1000}"));
        Assert.Equal(1, await LengthAsync($"end={first + 1}"));
        Assert.Equal(2, await LengthAsync($"start={first}&end={(first + 5) * 1000}"));
        Assert.Equal(0, await LengthAsync($"start={first + 60}"));
        (await server.GetAsync($"/sandboxes/{id}/metrics?start={first + 1}&end={first}")).Fails(400, "start");
        (await server.GetAsync($"/sandboxes/{id}/metrics?start=-1")).Fails(400, "start");

        async Task<int> LengthAsync(string range) => (await server.GetAsync($"/sandboxes/{id}/metrics?{range}")).Json.GetArrayLength();
    }

    [Fact]
    public async Task A_paused_sandbox_is_not_sampled_and_a_resumed_one_is()
    {
        await using var server = await MemoryServer.StartAsync();
        var id = await server.CreateAsync();
        await CountAsync(server, id, 1);

        await server.PostAsync($"/sandboxes/{id}/pause");
        server.Clock.Advance(TimeSpan.FromSeconds(20));
        await server.PostAsync($"/sandboxes/{id}/connect", """{"timeout":60}""");

        await CountAsync(server, id, 2);
        Assert.Equal(2, server.Engine.MetricsAsked);
    }

    [Fact]
    public async Task Samples_of_many_sandboxes_come_in_one_answer()
    {
        await using var server = await MemoryServer.StartAsync();
        var ids = new[] { await server.CreateAsync(), await server.CreateAsync() };
        foreach (var id in ids) await CountAsync(server, id, 1);

        var answer = (await server.GetAsync($"/sandboxes/metrics?sandbox_ids={ids[0]},{ids[1]},iunknown")).Json.GetProperty("sandboxes");

        Assert.Equal(ids.Order(), answer.EnumerateObject().Select(member => member.Name).Order());
        (await server.GetAsync("/sandboxes/metrics")).Fails(400, "sandbox_ids");
        (await server.GetAsync("/sandboxes/metrics?sandbox_ids=ia,ia")).Fails(400, "once");
        (await server.GetAsync($"/sandboxes/metrics?sandbox_ids={string.Join(',', Enumerable.Range(0, 101).Select(i => $"i{i}"))}")).Fails(400, "100");
    }

    private static Task CountAsync(MemoryServer server, string id, int count) =>
        Eventually.TrueAsync(async () => (await server.GetAsync($"/sandboxes/{id}/metrics")).Json.GetArrayLength() == count);
}
