namespace Moru.Mcp.Tests;

public sealed class EndToEndServe : IDisposable
{
    private readonly TemporaryDirectory data = new();

    public void Dispose() => data.Dispose();

    [Fact]
    public async Task Serve_prints_what_an_sdk_needs_and_sandboxes_outlive_it()
    {
        await using var serve = McpProcess.Start(data.Path, "serve --port 0");
        var exports = await ExportsAsync(serve, lines: 4);
        await using var env = McpProcess.Start(data.Path, "env");
        Assert.Equal(exports, await ExportsAsync(env, lines: 3));

        using var client = new MoruClient(new MoruOptions
        {
            ApiUrl = new Uri(exports["MORU_API_URL"]),
            ApiKey = exports["MORU_API_KEY"],
            SandboxUrl = new Uri(exports["MORU_SANDBOX_URL"]),
        });
        var sandbox = await client.CreateSandboxAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal("hello\n", (await sandbox.Commands.RunAsync("echo hello", cancellationToken: TestContext.Current.CancellationToken)).Stdout);
        Assert.InRange(await serve.TerminateAsync(), TimeSpan.Zero, TimeSpan.FromSeconds(3));

        await using var mcp = McpProcess.Start(data.Path);
        Assert.True((await mcp.DoAsync("kill_sandbox", new() { ["sandbox_id"] = sandbox.SandboxId })).GetProperty("killed").GetBoolean());
    }

    [Fact]
    public async Task An_mcp_server_attaches_to_a_running_one()
    {
        await using var serve = McpProcess.Start(data.Path, "serve --port 0");
        var exports = await ExportsAsync(serve, lines: 4);
        await using var mcp = McpProcess.Start(data.Path);
        await using var remote = McpProcess.Start("/nonexistent", null, [.. exports.Select(pair => (pair.Key, pair.Value))]);

        var id = (await mcp.DoAsync("create_sandbox")).GetProperty("sandbox_id").GetString();
        Assert.Equal("here\n", (await remote.DoAsync("run_command", new() { ["command"] = "echo here", ["sandbox_id"] = id })).GetProperty("stdout").GetString());
        await mcp.DoAsync("kill_sandbox", new() { ["sandbox_id"] = id });
    }

    [Fact]
    public async Task A_second_server_on_the_same_directory_is_refused()
    {
        await using var serve = McpProcess.Start(data.Path, "serve --port 0");
        await ExportsAsync(serve, lines: 4);
        await using var second = McpProcess.Start(data.Path, "serve --port 0");

        Assert.Equal("", await second.Output.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.Equal(1, await second.ExitCodeAsync());
    }

    private static async Task<Dictionary<string, string>> ExportsAsync(McpProcess process, int lines)
    {
        var exports = new Dictionary<string, string>();
        for (var i = 0; i < lines; i++)
        {
            var line = await process.Output.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
            if (line?.StartsWith("export ", StringComparison.Ordinal) == true && line["export ".Length..].Split('=', 2) is [var name, var value]) exports[name] = value.Trim('\'');
        }

        return exports;
    }
}
