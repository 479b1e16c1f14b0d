using ModelContextProtocol.Client;

namespace Moru.Mcp.Tests;

/// <summary>What the server writes down on stderr, of clients that may be hostile and calls that may hold secrets.</summary>
public sealed class OperatorLogs : IAsyncLifetime
{
    private const string Secret = "hunter2";

    private readonly TemporaryDirectory data = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await Leftovers.EndAsync(data.Path);
        data.Dispose();
    }

    [Fact]
    public async Task Arguments_and_results_are_written_down_at_no_level_over_stdio()
    {
        await using var mcp = McpProcess.Start(data.Path, null, ("MORU_LOG", "trace"));

        await mcp.RunAsync($"echo {Secret} of $((6 * 7)) parts");

        await mcp.EndInputAsync();
        Assert.Contains("tools/call", mcp.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, mcp.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("of 42 parts", mcp.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2025-11-25")]
    [InlineData("2026-07-28")]
    public async Task Arguments_and_results_are_written_down_at_no_level_over_http(string protocol)
    {
        await using var server = await McpHttp.StartAsync(data.Path, environment: ("MORU_LOG", "trace"));
        await using (var client = await server.ConnectAsync(protocol))
            await client.CallToolAsync("run_command", new Dictionary<string, object?> { ["command"] = $"echo {Secret} of $((6 * 7)) parts" }, cancellationToken: Cancelled);

        await server.TerminateAsync();

        Assert.Contains("tools/call", server.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, server.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("of 42 parts", server.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ids_of_sessions_and_keys_are_not_written_down_at_information()
    {
        await using var server = await McpHttp.StartAsync(data.Path, environment: ("MORU_LOG", "information"));
        string id;
        await using (var client = await server.ConnectAsync("2025-11-25")) id = client.SessionId!;
        await using (var sse = await server.ConnectAsync("2025-11-25", sse: true)) await sse.ListToolsAsync(cancellationToken: Cancelled);

        await server.TerminateAsync();

        Assert.Contains("info:", server.Errors, StringComparison.Ordinal);
        foreach (var secret in (string[])[id, "sessionId=", server.Key]) Assert.DoesNotContain(secret, server.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_text_of_a_client_forges_no_line_and_commands_no_terminal()
    {
        await using var mcp = McpProcess.Start(data.Path, null, ("MORU_LOG", "debug"), ("DOCKER_HOST", "unix:///nonexistent/docker.sock"));
        await mcp.Input.WriteLineAsync("""{"jsonrpc":"2.0","id":1,"method":"no/such\u001b[2J\nfail: forged\u0007"}""");
        await mcp.Input.FlushAsync(Cancelled);

        await mcp.Output.ReadLineAsync(Cancelled).AsTask().WaitAsync(Eventually.Limit, Cancelled);
        await mcp.EndInputAsync();

        Assert.Contains("no/such\\u{1B}[2J fail: forged\\u{07}", mcp.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', mcp.Errors);
        Assert.DoesNotContain("\nfail: forged", mcp.Errors, StringComparison.Ordinal);
    }
}
