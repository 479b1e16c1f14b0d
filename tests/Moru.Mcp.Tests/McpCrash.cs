using System.Globalization;

namespace Moru.Mcp.Tests;

/// <summary>MCP servers that are killed with SIGKILL at any moment of their first call. More rounds: <c>MORU_CRASH_ROUNDS</c>.</summary>
public sealed class McpCrash : IDisposable
{
    private static readonly int Rounds = int.Parse(Environment.GetEnvironmentVariable("MORU_CRASH_ROUNDS") ?? "12", CultureInfo.InvariantCulture);

    private readonly TemporaryDirectory data = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => data.Dispose();

    [Fact]
    public async Task However_often_servers_are_killed_every_container_belongs_to_a_sandbox_that_is_listed()
    {
        for (var round = 0; round < Rounds; round++)
        {
            await using var mcp = McpProcess.Start(data.Path);
            using var waiting = new CancellationTokenSource();
            await mcp.ConnectAsync();
            var call = mcp.CallAsync("run_command", new() { ["command"] = "seq 100000" }, cancel: waiting.Token);
            await Task.Delay(round * 997 % 800, Cancelled); // not a wait for something: the moment of the kill is the input
            await mcp.KillAsync();
            await waiting.CancelAsync();
            await Record.ExceptionAsync(() => call);
        }

        await using var last = McpProcess.Start(data.Path);
        var owner = await Containers.OwnerAsync((await last.RunAsync("true")).GetProperty("sandbox_id").GetString()!);
        var sandboxes = (await last.DoAsync("list_sandboxes")).GetProperty("sandboxes").EnumerateArray().Select(sandbox => sandbox.GetProperty("sandbox_id").GetString()!).ToList();
        Assert.Equal(
            sandboxes.Select(id => "moru-" + id).Order(StringComparer.Ordinal),
            (await Containers.ListAsync(owner)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
        foreach (var id in sandboxes) await last.DoAsync("kill_sandbox", new() { ["sandbox_id"] = id });
        Assert.Equal("", await Containers.ListAsync(owner));
    }
}
