using System.Text.Json;

namespace Moru.Mcp.Tests;

/// <summary>Log messages for clients, of which the level decides. Official clients differ in how they ask, so these lines are as they are on the wire.</summary>
public sealed class ClientLogs : IDisposable
{
    private const string Secret = "hunter2";

    private readonly TemporaryDirectory data = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => data.Dispose();

    [Fact]
    public async Task A_request_gets_messages_of_the_level_it_asks_for_without_its_arguments()
    {
        await using var mcp = Start();

        await CallAsync(mcp, 1, """{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}""");
        Assert.Equal("1", (await AnswerAsync(mcp)).GetProperty("id").GetRawText());
        await CallAsync(mcp, 2, """{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/logLevel":"warning"}""");
        ExpectMessage(await AnswerAsync(mcp));
    }

    [Fact]
    public async Task A_session_gets_messages_of_the_level_it_has_set()
    {
        await using var mcp = Start();
        await mcp.Input.WriteLineAsync("""{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}""");
        await AnswerAsync(mcp);

        foreach (var (id, level) in new[] { (1, "error"), (3, "info") })
        {
            await mcp.Input.WriteLineAsync($$$"""{"jsonrpc":"2.0","id":{{{id}}},"method":"logging/setLevel","params":{"level":"{{{level}}}"}}""");
            await AnswerAsync(mcp);
            await CallAsync(mcp, id + 1, "{}");
            var first = await AnswerAsync(mcp);
            if (level == "info") ExpectMessage(first);
            else Assert.Equal("2", first.GetProperty("id").GetRawText());
        }
    }

    private McpProcess Start() => McpProcess.Start(data.Path, null, ("DOCKER_HOST", "unix:///nonexistent/docker.sock"));

    private static async Task CallAsync(McpProcess mcp, int id, string meta) => await mcp.Input.WriteLineAsync(
        $$$"""{"jsonrpc":"2.0","id":{{{id}}},"method":"tools/call","params":{"name":"run_command","arguments":{"command":"echo {{{Secret}}}"},"_meta":{{{meta}}}}}""");

    private static async Task<JsonElement> AnswerAsync(McpProcess mcp) =>
        JsonElement.Parse((await mcp.Output.ReadLineAsync(Cancelled).AsTask().WaitAsync(Eventually.Limit, Cancelled))!);

    private static void ExpectMessage(JsonElement message)
    {
        Assert.Equal("notifications/message", message.GetProperty("method").GetString());
        var call = message.GetProperty("params").GetProperty("data");
        Assert.Equal(("run_command", true), (call.GetProperty("tool").GetString(), call.GetProperty("failed").GetBoolean()));
        Assert.DoesNotContain(Secret, message.GetRawText(), StringComparison.Ordinal);
    }
}
