namespace Moru.Mcp.Tests;

/// <summary>A server that is killed with SIGKILL, in its own process on the real engine, and the one that takes over.</summary>
public sealed class ServerCrash : IAsyncDisposable
{
    private readonly TemporaryDirectory data = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await using (var last = await ServeAsync())
        using (var client = Client())
        {
            await foreach (var sandbox in client.ListSandboxesAsync()) await client.KillSandboxAsync(sandbox.SandboxId);
            await last.TerminateAsync();
        }

        data.Dispose();
    }

    [Fact]
    public async Task A_sandbox_goes_on_through_the_crash_and_answers_after_it()
    {
        await using var doomed = await ServeAsync();
        using var client = Client();
        var labels = new Dictionary<string, string> { ["kept"] = "yes" };
        var sandbox = await client.CreateSandboxAsync(options: new() { Metadata = labels }, cancellationToken: Cancelled);
        await sandbox.Files.WriteAsync("note", "before", cancellationToken: Cancelled);
        await sandbox.Commands.RunAsync("nohup sh -c 'while :; do sleep 0.1; date +%s%N > tick; done' > /dev/null 2>&1 &", cancellationToken: Cancelled);
        var end = (await sandbox.GetInfoAsync(Cancelled)).EndAt;

        await doomed.KillAsync();
        await using var heir = await ServeAsync();

        var listed = await client.ListSandboxesAsync(labels, Cancelled).SingleAsync(Cancelled);
        Assert.Equal((sandbox.SandboxId, end), (listed.SandboxId, listed.EndAt));
        Assert.Equal("before", await sandbox.Files.ReadTextAsync("note", cancellationToken: Cancelled));
        var tick = await sandbox.Files.ReadTextAsync("tick", cancellationToken: Cancelled);
        await Eventually.TrueAsync(async () => await sandbox.Files.ReadTextAsync("tick", cancellationToken: Cancelled) != tick, "the process of before still runs");
    }

    [Fact]
    public async Task A_deadline_that_passed_meanwhile_is_honoured()
    {
        await using var doomed = await ServeAsync();
        using var client = Client();
        var sandbox = await client.CreateSandboxAsync(options: new() { Timeout = TimeSpan.FromSeconds(2) }, cancellationToken: Cancelled);
        var end = (await sandbox.GetInfoAsync(Cancelled)).EndAt;

        await doomed.KillAsync();
        await Eventually.TrueAsync(() => Task.FromResult(DateTimeOffset.UtcNow > end), "the deadline passes");
        Assert.Contains(sandbox.SandboxId, await Containers.ListAsync(), StringComparison.Ordinal);
        await using var heir = await ServeAsync();

        Assert.False(await client.KillSandboxAsync(sandbox.SandboxId, Cancelled));
        await Eventually.TrueAsync(async () => !(await Containers.ListAsync()).Contains(sandbox.SandboxId, StringComparison.Ordinal), "its container is removed");
    }

    [Fact]
    public async Task Whenever_the_crash_comes_no_container_is_left_without_an_owner()
    {
        // The stages of a create take about 300 ms; each kill hits another one.
        foreach (var delay in new[] { 0, 60, 120, 180, 240, 300, 360 })
        {
            await using var doomed = await ServeAsync();
            using var client = Client();
            var create = client.CreateSandboxAsync(cancellationToken: Cancelled);
            await Task.Delay(delay, Cancelled); // not a wait for something: the moment of the crash is the input
            await doomed.KillAsync();
            await Task.WhenAny(create).WaitAsync(Eventually.Limit, Cancelled); // whether it failed depends on the delay

            await using var heir = await ServeAsync();
            using var after = Client();
            var owner = await OwnerAsync(after);
            await Eventually.TrueAsync(
                async () =>
                {
                    var known = await after.ListSandboxesAsync(cancellationToken: Cancelled).Select(sandbox => sandbox.SandboxId).ToListAsync(Cancelled);
                    var running = (await Containers.ListAsync(owner)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
                    return known.Order().SequenceEqual(running.Select(name => name["moru-".Length..]).Order());
                },
                $"records and containers agree after a crash at {delay} ms");
            await heir.TerminateAsync();
        }
    }

    private async Task<McpProcess> ServeAsync()
    {
        var server = McpProcess.Start(data.Path, "serve --port 0 --https-port 0");
        await server.Output.ReadLineAsync(CancellationToken.None).AsTask().WaitAsync(Eventually.Limit);
        return server;
    }

    private MoruClient Client() => new(new MoruOptions
    {
        ApiUrl = new Uri("unix:" + Path.Combine(data.Path, "moru.sock")),
        ApiKey = File.ReadAllText(Path.Combine(data.Path, "api-key")).Trim(),
    });

    /// <summary>The label that the containers of this data directory carry, read off one of them.</summary>
    private static async Task<string> OwnerAsync(MoruClient client)
    {
        await using var sandbox = await client.CreateSandboxAsync(cancellationToken: Cancelled);
        return await Containers.OwnerAsync(sandbox.SandboxId);
    }
}
