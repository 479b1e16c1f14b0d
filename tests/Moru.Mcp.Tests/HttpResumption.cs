using System.Net;
using System.Text.Json;

namespace Moru.Mcp.Tests;

/// <summary>Clients of the revisions with sessions whose connection breaks during a call.</summary>
public sealed class HttpResumption(McpHttpFixture fixture) : IClassFixture<McpHttpFixture>
{
    private const string Protocol = "2025-11-25";
    private const string Initialize = """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}""";
    private const string Call = """{"jsonrpc":"2.0","id":"long","method":"tools/call","params":{"name":"run_command","arguments":{"command":"until [ -e /tmp/go-on ]; do sleep 0.1; done; echo done"}}}""";
    private const string LetItEnd = """{"jsonrpc":"2.0","id":"short","method":"tools/call","params":{"name":"run_command","arguments":{"command":"touch /tmp/go-on"}}}""";

    private readonly McpHttp server = fixture.Server;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_client_that_lost_its_stream_gets_the_result_of_a_long_call_on_another()
    {
        var session = await OpenSessionAsync();
        string last;
        using (var broken = await server.SendAsync(HttpMethod.Post, "/mcp", Call, Headers(session)))
        {
            using var stream = new StreamReader(await broken.Content.ReadAsStreamAsync(Cancelled));
            last = await IdAsync(stream);
        }

        using (var other = await server.SendAsync(HttpMethod.Post, "/mcp", LetItEnd, Headers(session))) Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        using var resumed = await server.SendAsync(HttpMethod.Get, "/mcp", null, [.. Headers(session), ("Last-Event-ID", last)]);
        var result = await ResultAsync(resumed);

        Assert.Equal("long", result.GetProperty("id").GetString());
        Assert.Equal("done\n", result.GetProperty("result").GetProperty("structuredContent").GetProperty("stdout").GetString());

        // And again, as often as the client needs it.
        using var again = await server.SendAsync(HttpMethod.Get, "/mcp", null, [.. Headers(session), ("Last-Event-ID", last)]);
        Assert.Equal(result.GetRawText(), (await ResultAsync(again)).GetRawText());
    }

    [Fact]
    public async Task Events_are_for_the_session_they_were_made_in_alone()
    {
        var (session, stranger) = (await OpenSessionAsync(), await OpenSessionAsync());
        using var mine = await server.SendAsync(HttpMethod.Post, "/mcp", LetItEnd, Headers(session));
        using var stream = new StreamReader(await mine.Content.ReadAsStreamAsync(Cancelled));
        var last = await IdAsync(stream);

        using var stolen = await server.SendAsync(HttpMethod.Get, "/mcp", null, [.. Headers(stranger), ("Last-Event-ID", last)]);

        Assert.InRange((int)stolen.StatusCode, 400, 499);
        using var unknown = await server.SendAsync(HttpMethod.Get, "/mcp", null, [.. Headers(session), ("Last-Event-ID", "never given")]);
        Assert.InRange((int)unknown.StatusCode, 400, 499);
    }

    private async Task<string> OpenSessionAsync()
    {
        using var answer = await server.SendAsync(HttpMethod.Post, "/mcp", Initialize, ("X-API-Key", server.Key));
        return answer.Headers.GetValues("Mcp-Session-Id").Single();
    }

    private (string Name, string Value)[] Headers(string session) => [("X-API-Key", server.Key), ("Mcp-Session-Id", session), ("MCP-Protocol-Version", Protocol)];

    private static async Task<string> IdAsync(StreamReader stream) => (await LineAsync(stream, "id:"))["id:".Length..].Trim();

    private static async Task<JsonElement> ResultAsync(HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        using var stream = new StreamReader(await response.Content.ReadAsStreamAsync(Cancelled));
        while (true)
        {
            var message = JsonElement.Parse((await LineAsync(stream, "data: {"))["data:".Length..]);
            if (message.TryGetProperty("id", out _)) return message;
        }
    }

    private static async Task<string> LineAsync(StreamReader stream, string start)
    {
        while (await stream.ReadLineAsync(Cancelled).AsTask().WaitAsync(Eventually.Limit, Cancelled) is { } line)
            if (line.StartsWith(start, StringComparison.Ordinal)) return line;
        throw new EndOfStreamException($"the stream has no line that starts with '{start}'");
    }
}
