namespace Moru.Server.Tests;

/// <summary>What each call answers in each state.</summary>
public sealed class StateSpecs
{
    private const string Minute = """{"timeout":60}""";

    [Fact]
    public async Task A_paused_sandbox_is_frozen_and_shown_as_paused_since_then()
    {
        await using var server = await MemoryServer.StartAsync();
        var id = await server.CreateAsync("\"timeout\":300,\"secure\":true");
        var start = server.Clock.GetUtcNow();
        server.Clock.Advance(TimeSpan.FromSeconds(40));

        var paused = await server.PostAsync($"/sandboxes/{id}/pause");

        var detail = await server.GetAsync($"/sandboxes/{id}");
        Assert.Equal((204, ""), (paused.Status, paused.Text));
        Assert.Equal(("paused", start, start + TimeSpan.FromSeconds(40)), (detail["state"], detail.Time("startedAt"), detail.Time("endAt")));
        Assert.False(detail.Json.TryGetProperty("domain", out _));
        Assert.Equal([id], server.Engine.FrozenIds);
    }

    [Fact]
    public async Task Pausing_twice_is_a_conflict()
    {
        await using var server = await MemoryServer.StartAsync();
        var id = await server.CreatePausedAsync();

        (await server.PostAsync($"/sandboxes/{id}/pause")).Fails(409, "already paused");
    }

    [Fact]
    public async Task A_paused_sandbox_does_not_expire()
    {
        await using var server = await MemoryServer.StartAsync();
        var id = await server.CreatePausedAsync("\"timeout\":5");

        server.Clock.Advance(TimeSpan.FromDays(3));

        // Whatever was due has been done when a later one has.
        var other = await server.CreateAsync("\"timeout\":0");
        await Eventually.TrueAsync(async () => (await server.GetAsync($"/sandboxes/{other}")).Status == 404);
        Assert.Equal("paused", (await server.GetAsync($"/sandboxes/{id}"))["state"]);
    }

    [Fact]
    public async Task Connecting_to_a_paused_sandbox_resumes_it_with_everything_it_had()
    {
        await using var server = await MemoryServer.StartAsync();
        var id = await server.CreatePausedAsync("\"timeout\":300,\"secure\":true,\"metadata\":{\"a\":\"b\"},\"envVars\":{\"X\":\"1\"}");
        server.Clock.Advance(TimeSpan.FromDays(2));
        var told = server.Engine.Inits[id];

        var resumed = await server.PostAsync($"/sandboxes/{id}/connect", Minute);

        var detail = await server.GetAsync($"/sandboxes/{id}");
        var now = server.Clock.GetUtcNow();
        Assert.Equal((201, id), (resumed.Status, resumed["sandboxID"]));
        Assert.Equal(("running", now, now + TimeSpan.FromSeconds(60)), (detail["state"], detail.Time("startedAt"), detail.Time("endAt")));
        Assert.Equal("b", detail.Json.GetProperty("metadata").GetProperty("a").GetString());
        Assert.Empty(server.Engine.FrozenIds);
        var again = server.Engine.Inits[id];
        Assert.NotSame(told, again);
        Assert.Equal(("1", told.AccessToken, "user", "/home/user", now), (again.EnvVars!["X"], again.AccessToken, again.DefaultUser, again.DefaultWorkdir, again.Timestamp));
    }

    [Fact]
    public async Task Connecting_to_a_running_sandbox_only_extends()
    {
        await using var server = await MemoryServer.StartAsync();
        var id = await server.CreateAsync("\"timeout\":100");
        var before = (await server.GetAsync($"/sandboxes/{id}")).Time("endAt");

        var shorter = await server.PostAsync($"/sandboxes/{id}/connect", """{"timeout":5}""");
        var unchanged = (await server.GetAsync($"/sandboxes/{id}")).Time("endAt");
        var longer = await server.PostAsync($"/sandboxes/{id}/connect", """{"timeout":500}""");
        var extended = (await server.GetAsync($"/sandboxes/{id}")).Time("endAt");

        Assert.Equal((200, 200), (shorter.Status, longer.Status));
        Assert.Equal((before, before + TimeSpan.FromSeconds(400)), (unchanged, extended));
        Assert.Equal(0, server.Engine.Changes.Thaws);
    }

    [Fact]
    public async Task Resume_is_for_paused_sandboxes_and_may_change_what_happens_at_the_end()
    {
        await using var server = await MemoryServer.StartAsync();
        var id = await server.CreateAsync();

        (await server.PostAsync($"/sandboxes/{id}/resume", "{}")).Fails(409, "running");
        await server.PostAsync($"/sandboxes/{id}/pause");
        var resumed = await server.PostAsync($"/sandboxes/{id}/resume", """{"autoPause":true}""");

        var detail = await server.GetAsync($"/sandboxes/{id}");
        Assert.Equal((201, TimeSpan.FromSeconds(15)), (resumed.Status, detail.Time("endAt") - detail.Time("startedAt")));
        server.Clock.Advance(TimeSpan.FromSeconds(15));
        await Eventually.TrueAsync(async () => (await server.GetAsync($"/sandboxes/{id}"))["state"] == "paused");
    }

    [Fact]
    public async Task A_paused_sandbox_has_no_timeout_to_move()
    {
        await using var server = await MemoryServer.StartAsync();
        var id = await server.CreatePausedAsync();

        (await server.PostAsync($"/sandboxes/{id}/timeout", Minute)).Fails(404, "paused");
        (await server.PostAsync($"/sandboxes/{id}/refreshes", """{"duration":60}""")).Fails(404, "paused");
    }

    [Theory]
    [InlineData("""{"duration":200}""", 200)]
    [InlineData("""{"duration":20}""", 100)]
    [InlineData("{}", 100)]
    [InlineData(null, 100)]
    public async Task A_refresh_only_extends(string? body, int seconds)
    {
        await using var server = await MemoryServer.StartAsync();
        var id = await server.CreateAsync("\"timeout\":100");

        var refreshed = await server.PostAsync($"/sandboxes/{id}/refreshes", body);

        var detail = await server.GetAsync($"/sandboxes/{id}");
        Assert.Equal((204, TimeSpan.FromSeconds(seconds)), (refreshed.Status, detail.Time("endAt") - detail.Time("startedAt")));
    }

    [Fact]
    public async Task A_refresh_below_15_seconds_counts_as_15()
    {
        await using var server = await MemoryServer.StartAsync();
        var id = await server.CreateAsync("\"timeout\":5");

        await server.PostAsync($"/sandboxes/{id}/refreshes", """{"duration":1}""");

        var detail = await server.GetAsync($"/sandboxes/{id}");
        Assert.Equal(TimeSpan.FromSeconds(15), detail.Time("endAt") - detail.Time("startedAt"));
    }

    [Fact]
    public async Task A_timeout_shortens_and_extends_but_never_beyond_the_longest_life()
    {
        await using var server = await MemoryServer.StartAsync(options => options with { MaxTimeout = TimeSpan.FromHours(1) });
        var id = await server.CreateAsync("\"timeout\":300");
        var start = server.Clock.GetUtcNow();
        server.Clock.Advance(TimeSpan.FromSeconds(100));

        var ends = new List<TimeSpan>();
        foreach (var seconds in new[] { 10, 700, 3590 })
        {
            Assert.Equal(204, (await server.PostAsync($"/sandboxes/{id}/timeout", $$"""{"timeout":{{seconds}}}""")).Status);
            ends.Add((await server.GetAsync($"/sandboxes/{id}")).Time("endAt") - start);
        }

        Assert.Equal([TimeSpan.FromSeconds(110), TimeSpan.FromSeconds(800), TimeSpan.FromHours(1)], ends);
        (await server.PostAsync($"/sandboxes/{id}/connect", """{"timeout":3601}""")).Fails(400, "Timeout cannot be greater than 1 hours");
        (await server.PostAsync($"/sandboxes/{id}/resume", """{"timeout":3601}""")).Fails(400, "Timeout cannot be greater than 1 hours");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_killed_sandbox_is_404_for_every_call(bool paused)
    {
        await using var server = await MemoryServer.StartAsync();
        var id = paused ? await server.CreatePausedAsync() : await server.CreateAsync();

        Assert.Equal(204, (await server.DeleteAsync($"/sandboxes/{id}")).Status);

        Assert.Empty(server.Engine.SandboxIds);
        (await server.GetAsync($"/sandboxes/{id}")).Fails(404, id);
        (await server.DeleteAsync($"/sandboxes/{id}")).Fails(404, id);
        foreach (var action in new[] { "pause", "resume", "connect", "timeout", "refreshes" })
            (await server.PostAsync($"/sandboxes/{id}/{action}", Minute)).Fails(404, id);
    }

    [Theory]
    [InlineData(false, 404)]
    [InlineData(true, 200)]
    public async Task At_its_end_a_sandbox_is_killed_or_paused_as_it_was_created(bool autoPause, int status)
    {
        await using var server = await MemoryServer.StartAsync();
        var id = await server.CreateAsync($"\"timeout\":30,\"autoPause\":{(autoPause ? "true" : "false")}");

        server.Clock.Advance(TimeSpan.FromSeconds(30));

        await Eventually.TrueAsync(async () => await server.GetAsync($"/sandboxes/{id}") is var now && now.Status == status && (status == 404 || now["state"] == "paused"));
        // It counts as paused from the moment that it is being frozen.
        await Eventually.TrueAsync(() => server.Engine.FrozenIds.SequenceEqual(autoPause ? [id] : []));
    }

    [Fact]
    public async Task The_proxy_does_not_find_a_paused_sandbox()
    {
        await using var server = await MemoryServer.StartAsync();
        var id = await server.CreatePausedAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health") { Headers = { Host = $"49983-{id}.sandboxes.test" } };

        var answer = await server.SendAsync(request);

        Assert.Equal((502, "The sandbox was not found"), (answer.Status, answer["message"]));
    }
}
