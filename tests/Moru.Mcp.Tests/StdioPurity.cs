using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Moru.Mcp.Tests;

public sealed class StdioPurity : IDisposable
{
    private const string Initialize = """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}""";

    private static readonly string[] Malformed =
    [
        "", "{", "}", "[]", "null", "42", "\"text\"", "not json at all", "{\"jsonrpc\":\"2.0\"}", "{\"jsonrpc\":\"1.0\",\"id\":7,\"method\":\"tools/list\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"tools/list\"}", "{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":5}", "\u0000\u0001", new string('[', 10_000),
        "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"tools/call\",\"params\":[]}", "{\"jsonrpc\":\"2.0\",\"id\":11,\"method\":\"tools/call\",\"params\":{\"name\":\"run_command\",\"arguments\":{\"command\":\"\\ud83d\"}}}",
        "{\"jsonrpc\":\"2.0\",\"id\":10,\"method\":\"no/such\"}",
    ];

    private readonly TemporaryDirectory data = new();

    public void Dispose() => data.Dispose();

    [Fact]
    public async Task Malformed_lines_are_survived_and_stdout_carries_nothing_but_json_rpc()
    {
        await using var mcp = McpProcess.Start(data.Path, null, ("MORU_LOG", "trace"));
        foreach (var line in Malformed.Prepend(Initialize)) await mcp.Input.WriteLineAsync(line);
        await mcp.Input.WriteLineAsync("""{"jsonrpc":"2.0","id":99,"method":"tools/list"}""");
        await mcp.Input.FlushAsync(TestContext.Current.CancellationToken);

        var answered = new List<string>();
        while (!answered.Contains("99"))
        {
            var line = await mcp.Output.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
            var message = JsonElement.Parse(line!);
            Assert.Equal("2.0", message.GetProperty("jsonrpc").GetString());
            if (message.TryGetProperty("id", out var id)) answered.Add(id.GetRawText());
        }

        Assert.InRange(await mcp.EndInputAsync(), TimeSpan.Zero, TimeSpan.FromSeconds(2));
        Assert.Equal("", await mcp.Output.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_tool_that_crashes_is_a_result_and_its_stack_trace_goes_to_stderr()
    {
        // A server in whose answers nothing fits.
        using var listener = new HttpListener();
        var url = $"http://127.0.0.1:{FreePort()}/";
        listener.Prefixes.Add(url);
        listener.Start();
        var nonsense = AnswerAsync(listener);
        await using var mcp = McpProcess.Start(data.Path, null, ("MORU_LOG", "trace"), ("MORU_API_URL", url), ("MORU_API_KEY", "k"));
        await mcp.Input.WriteLineAsync(Initialize);
        await mcp.Input.WriteLineAsync("""{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"list_sandboxes","arguments":{}}}""");

        await mcp.Output.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
        var line = await mcp.Output.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);

        var result = JsonElement.Parse(line!).GetProperty("result");
        Assert.True(result.GetProperty("isError").GetBoolean());
        Assert.Contains("internal error (JsonException)", result.GetProperty("content")[0].GetProperty("text").GetString(), StringComparison.Ordinal);
        await Eventually.TrueAsync(() => mcp.Errors.Contains("   at ", StringComparison.Ordinal), "the stack trace is in the log");
        await mcp.EndInputAsync();
        Assert.Equal("", await mcp.Output.ReadToEndAsync(TestContext.Current.CancellationToken));
        listener.Stop();
        await Assert.ThrowsAnyAsync<Exception>(() => nonsense);
    }

    private static async Task AnswerAsync(HttpListener listener)
    {
        while (true)
        {
            var context = await listener.GetContextAsync();
            context.Response.ContentType = "application/json";
            context.Response.Close("\"nonsense\""u8.ToArray(), willBlock: false);
        }
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    [Fact]
    public async Task The_handshake_does_not_wait_for_a_server()
    {
        // The engine's address is one where nothing answers, and nobody ever will.
        await using var mcp = McpProcess.Start(data.Path, null, ("DOCKER_HOST", "tcp://192.0.2.1:2375"));

        var client = await mcp.ConnectAsync().WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);

        Assert.Equal("moru", client.ServerInfo?.Name);
        Assert.InRange(await mcp.EndInputAsync(), TimeSpan.Zero, TimeSpan.FromSeconds(2));
    }

    [Theory]
    [InlineData("--version", "moru-mcp ")]
    [InlineData("--help", "moru-mcp gives MCP clients")]
    public async Task Questions_about_the_program_are_answered_on_stdout(string argument, string start)
    {
        await using var mcp = McpProcess.Start(data.Path, argument);

        Assert.StartsWith(start, await mcp.Output.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }
}
