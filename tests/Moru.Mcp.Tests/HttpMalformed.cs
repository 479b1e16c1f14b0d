using System.Net;
using System.Text;
using System.Text.Json;

namespace Moru.Mcp.Tests;

/// <summary>Bodies over HTTP that are not what the protocol says: each is its client's mistake, told to it and not to the operator.</summary>
public sealed class HttpMalformed(McpHttpFixture fixture) : IClassFixture<McpHttpFixture>
{
    private const string Meta = "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\",\"io.modelcontextprotocol/clientCapabilities\":{}}";
    private const string Client = "\"capabilities\":{},\"clientInfo\":{\"name\":\"t\",\"version\":\"1\"}";

    private readonly McpHttp server = fixture.Server;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("", -32700)]
    [InlineData("{", -32700)]
    [InlineData("not json", -32700)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\u0001\"}", -32700)]
    [InlineData("[]", -32600)]
    [InlineData("""[{"jsonrpc":"2.0","id":1,"method":"ping"}]""", -32600)]
    [InlineData("null", -32600)]
    [InlineData("5", -32600)]
    [InlineData("{}", -32600)]
    [InlineData("""{"jsonrpc":2.0,"id":1,"method":"ping"}""", -32600)]
    [InlineData("""{"jsonrpc":"2.0","id":1e999,"method":"ping"}""", -32600)]
    [InlineData("""{"jsonrpc":"2.0","id":1.5,"method":"ping"}""", -32600)]
    [InlineData("""{"jsonrpc":"2.0","id":{},"method":"ping"}""", -32600)]
    [InlineData("""{"jsonrpc":"2.0","id":null,"method":"ping"}""", -32600)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":5}""", -32600)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping","method":"initialize"}""", -32700)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"error":5}""", -32600)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":5,META}}""", -32602)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":{},META}}""", -32602)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","name":"y",META}}""", -32700)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"\ud800",META}}""", -32602)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{META,META}}""", -32700)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"a":1,"a":2}}}""", -32700)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"initialize"}""", -32602)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"initialize","params":[]}""", -32602)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"clientInfo":5,META}}""", -32602)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":5,CLIENT}}""", -32602)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","protocolVersion":"2025-06-18",CLIENT}}""", -32700)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":[],"clientInfo":7}}""", -32602)]
    public async Task A_body_is_refused_with_the_code_that_says_what_is_wrong(string body, int code)
    {
        body = body.Replace("META", Meta, StringComparison.Ordinal).Replace("CLIENT", Client, StringComparison.Ordinal);
        foreach (var path in (string[])["/mcp", "/mcp/message?sessionId=x"])
        foreach (var headers in ((string, string)[][])[[], [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call"), ("Mcp-Name", "5")]])
        {
            using var answer = await server.SendAsync(HttpMethod.Post, path, body, [("X-API-Key", server.Key), .. headers]);

            // Who has no session of the oldest transport is told that before the SDK reads on.
            if (path != "/mcp" && (await answer.Content.ReadAsStringAsync(Cancelled)).Contains("Session ID", StringComparison.Ordinal)) continue;
            // Where there is no initialize, it is refused as any unknown method.
            if (headers.Length == 0 || !body.Contains("initialize", StringComparison.Ordinal)) Assert.Equal(code, await CodeAsync(answer));
            Assert.Equal((HttpStatusCode.BadRequest, false), (answer.StatusCode, answer.Headers.Contains("Mcp-Session-Id")));
        }
    }

    [Fact]
    public async Task A_session_of_the_oldest_transport_that_nobody_opened_is_unknown()
    {
        using var answer = await server.SendAsync(HttpMethod.Post, "/mcp/message?sessionId=x", """{"jsonrpc":"2.0","id":1,"method":"ping"}""", ("X-API-Key", server.Key));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("\"Session ID not found.\"", await answer.Content.ReadAsStringAsync(Cancelled));
        Assert.False(server.Errors.Contains("fail:", StringComparison.Ordinal), server.Errors);
    }

    [Theory]
    [InlineData("")]
    [InlineData("text/plain")]
    [InlineData(";;")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("application/json; charset=nonsense")]
    public async Task A_body_of_another_type_is_refused(string type)
    {
        var answer = await server.ExchangeAsync(
            $"POST /mcp HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {server.Key}\r\nAccept: application/json, text/event-stream\r\n{(type.Length == 0 ? "" : $"Content-Type: {type}\r\n")}Content-Length: 2\r\nConnection: close\r\n\r\n{{}}");

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains("-32600", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_of_the_oldest_transport_outlives_a_body_that_cannot_be_read()
    {
        using var stream = await server.SendAsync(HttpMethod.Get, "/mcp/sse", null, ("X-API-Key", server.Key));
        using var events = new StreamReader(await stream.Content.ReadAsStreamAsync(Cancelled));
        string? line;
        do line = await events.ReadLineAsync(Cancelled).AsTask().WaitAsync(Eventually.Limit, Cancelled);
        while (line?.StartsWith("data:", StringComparison.Ordinal) == false);
        var path = line!["data:".Length..].Trim();

        foreach (var body in (string[])["{", "[]", "null", "{}", """{"jsonrpc":"2.0","id":1,"error":5}"""])
        {
            using var refused = await server.SendAsync(HttpMethod.Post, path, body, ("X-API-Key", server.Key));
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        }

        using var taken = await server.SendAsync(HttpMethod.Post, path, """{"jsonrpc":"2.0","id":1,"method":"ping"}""", ("X-API-Key", server.Key));
        Assert.Equal(HttpStatusCode.Accepted, taken.StatusCode);
    }

    [Fact]
    public async Task An_initialize_and_the_number_of_values_have_a_bound()
    {
        var tooLong = """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",CLIENT,"x":"LONG"}}""".Replace("CLIENT", Client, StringComparison.Ordinal).Replace("LONG", new string('x', 64 << 10), StringComparison.Ordinal);
        var values = $$$"""{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"x":[{{{string.Join(',', Enumerable.Repeat('0', 100_000))}}}]}}""";

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await server.StatusAsync(tooLong, ("X-API-Key", server.Key)));
        Assert.Equal(HttpStatusCode.BadRequest, await server.StatusAsync(values, ("X-API-Key", server.Key)));
    }

    [Theory]
    [InlineData("2025-11-25")]
    [InlineData("2026-07-28")]
    public async Task Whatever_comes_is_no_failure_and_the_next_request_is_answered_as_ever(string protocol)
    {
        var headers = await HeadersAsync(protocol);
        var random = new Random(20261129);
        for (var i = 0; i < 1_500; i++)
        {
            var body = MalformedMessages.Mutate(random, MalformedMessages.Seeds[random.Next(MalformedMessages.Seeds.Length)]);
            using var answer = await server.SendAsync(HttpMethod.Post, "/mcp", body, [.. headers, .. Named(body, protocol)]);
            Assert.True((int)answer.StatusCode < 500, $"{answer.StatusCode} {body}");
            Assert.DoesNotContain("-32603", await HeadAsync(answer), StringComparison.Ordinal);
        }

        var list = $$$"""{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{ {{{(protocol == "2026-07-28" ? Meta : "")}}} }}""";
        Assert.Equal(HttpStatusCode.OK, await server.StatusAsync(list, [.. headers, ("Mcp-Method", "tools/list")]));
        Assert.False(server.Errors.Contains("fail:", StringComparison.Ordinal), server.Errors);
    }

    private async Task<(string, string)[]> HeadersAsync(string protocol)
    {
        if (protocol == "2026-07-28") return [("X-API-Key", server.Key), ("MCP-Protocol-Version", protocol)];
        using var opened = await server.SendAsync(HttpMethod.Post, "/mcp", """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",CLIENT}}""".Replace("CLIENT", Client, StringComparison.Ordinal), ("X-API-Key", server.Key));
        return [("X-API-Key", server.Key), ("MCP-Protocol-Version", protocol), ("Mcp-Session-Id", opened.Headers.GetValues("Mcp-Session-Id").Single())];
    }

    // Headers that fit, so that the mutations and not these are what is refused.
    private static IEnumerable<(string, string)> Named(string body, string protocol)
    {
        if (protocol != "2026-07-28") yield break;
        foreach (var (header, start) in new[] { ("Mcp-Method", "\"method\":\""), ("Mcp-Name", "\"name\":\"") })
            if (body.IndexOf(start, StringComparison.Ordinal) is >= 0 and var at && body.AsSpan(at + start.Length).IndexOf('"') is > 0 and var length)
                yield return (header, new string([.. body.Substring(at + start.Length, length).Where(each => each is > ' ' and < '\x7f')]));
    }

    /// <summary>What there is of an answer at once: a stream may go on.</summary>
    private static async Task<string> HeadAsync(HttpResponseMessage answer)
    {
        if (answer.Content.Headers.ContentType?.MediaType == "application/json") return await answer.Content.ReadAsStringAsync(Cancelled);
        await using var stream = await answer.Content.ReadAsStreamAsync(Cancelled);
        var buffer = new byte[4096];
        return Encoding.UTF8.GetString(buffer, 0, await stream.ReadAsync(buffer, Cancelled).AsTask().WaitAsync(Eventually.Limit, Cancelled));
    }

    private static async Task<int> CodeAsync(HttpResponseMessage answer) =>
        JsonElement.Parse(await answer.Content.ReadAsStringAsync(Cancelled)).GetProperty("error").GetProperty("code").GetInt32();
}
