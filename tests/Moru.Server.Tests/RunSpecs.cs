namespace Moru.Server.Tests;

public sealed class RunSpecs
{
    [Fact]
    public async Task A_run_follows_its_sandbox_and_stays_after_it()
    {
        await using var server = await MemoryServer.StartAsync();
        var id = await server.CreateAsync("\"timeout\":300");
        var created = server.Clock.GetUtcNow();
        server.Clock.Advance(TimeSpan.FromSeconds(1));

        var statuses = new List<string?> { await StatusAsync() };
        await server.PostAsync($"/sandboxes/{id}/pause");
        statuses.Add(await StatusAsync());
        await server.PostAsync($"/sandboxes/{id}/connect", """{"timeout":60}""");
        statuses.Add(await StatusAsync());
        await server.DeleteAsync($"/sandboxes/{id}");
        statuses.Add(await StatusAsync());

        Assert.Equal(["running", "paused", "running", "stopped"], statuses);
        var run = (await server.GetAsync("/v2/sandbox-runs")).Json[0];
        Assert.Equal((id, "base", "base", "killed"),
            (run.GetProperty("sandboxID").GetString(), run.GetProperty("templateID").GetString(), run.GetProperty("alias").GetString(), run.GetProperty("endReason").GetString()));
        Assert.Equal((created, server.Clock.GetUtcNow()), (run.GetProperty("createdAt").GetDateTimeOffset(), run.GetProperty("endedAt").GetDateTimeOffset()));

        async Task<string?> StatusAsync() => Assert.Single((await server.GetAsync("/v2/sandbox-runs")).Json.EnumerateArray()).GetProperty("status").GetString();
    }

    [Theory]
    [InlineData(null, "timeout")]
    [InlineData(137, "error")]
    [InlineData(0, "shutdown")]
    public async Task It_says_why_it_ended(int? exitCode, string reason)
    {
        await using var server = await MemoryServer.StartAsync();
        var id = await server.CreateAsync("\"timeout\":30");

        if (exitCode is { } code) server.Engine.End(id, code);
        else server.Clock.Advance(TimeSpan.FromSeconds(30));

        await Eventually.TrueAsync(async () => (await server.GetAsync("/v2/sandbox-runs?status=stopped")).Json is var runs
            && runs.GetArrayLength() == 1 && runs[0].GetProperty("endReason").GetString() == reason);
    }

    [Fact]
    public async Task Runs_are_chosen_by_status()
    {
        await using var server = await MemoryServer.StartAsync();
        var running = await server.CreateAsync();
        var paused = await server.CreatePausedAsync();
        var stopped = await server.CreateAsync();
        await server.DeleteAsync($"/sandboxes/{stopped}");

        Assert.Equal([running], (await server.GetAsync("/v2/sandbox-runs?status=running")).Ids);
        Assert.Equal([paused], (await server.GetAsync("/v2/sandbox-runs?status=paused")).Ids);
        Assert.Equal(new[] { paused, stopped }.Order(), (await server.GetAsync("/v2/sandbox-runs?status=paused,stopped")).Ids.Order());
        Assert.Equal(3, (await server.GetAsync("/v2/sandbox-runs")).Ids.Count());
        (await server.GetAsync("/v2/sandbox-runs?status=gone")).Fails(400, "gone");
        (await server.GetAsync("/v2/sandbox-runs?limit=101")).Fails(400, "limit");
        (await server.GetAsync("/v2/sandbox-runs?nextToken=x")).Fails(400, "Invalid next token");
    }

    [Fact]
    public async Task Runs_of_the_same_moment_are_not_skipped_between_pages()
    {
        await using var server = await MemoryServer.StartAsync();
        var older = await server.CreateAsync();
        server.Clock.Advance(TimeSpan.FromSeconds(1));
        var twins = new[] { await server.CreateAsync(), await server.CreateAsync(), await server.CreateAsync() };

        var seen = new List<string?>();
        string? next = null;
        do
        {
            var page = await server.GetAsync($"/v2/sandbox-runs?limit=2{(next is null ? "" : "&nextToken=" + next)}");
            seen.AddRange(page.Ids);
            next = page.Headers.GetValueOrDefault("X-Next-Token");
        }
        while (next is not null);

        Assert.Equal([.. twins.Order(StringComparer.Ordinal), older], seen);
    }

    [Fact]
    public async Task A_bounded_number_of_ended_runs_is_kept()
    {
        await using var server = await MemoryServer.StartAsync(options => options with { MaxHistory = 2 });
        var made = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            server.Clock.Advance(TimeSpan.FromSeconds(1));
            made.Add(await server.CreateAsync());
            await server.DeleteAsync($"/sandboxes/{made[i]}");
        }

        await Eventually.TrueAsync(async () =>
        {
            server.Clock.Advance(TimeSpan.FromSeconds(30));
            return (await server.GetAsync("/v2/sandbox-runs")).Ids.Order().SequenceEqual(made[2..].Order());
        });
    }
}
