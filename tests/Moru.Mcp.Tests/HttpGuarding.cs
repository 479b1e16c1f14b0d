using System.Net;
using System.Text.Json;

namespace Moru.Mcp.Tests;

/// <summary>Who may talk to the MCP server over HTTP.</summary>
public sealed class HttpGuarding(McpHttpFixture fixture) : IClassFixture<McpHttpFixture>
{
    private const string List = """{"jsonrpc":"2.0","id":1,"method":"tools/list"}""";
    private const string Initialize = """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}""";

    private readonly McpHttp server = fixture.Server;

    private (string, string) Key => ("X-API-Key", server.Key);

    [Fact]
    public void It_listens_on_loopback_unless_told_otherwise() => Assert.Equal("127.0.0.1", server.Url.Host);

    [Fact]
    public async Task Without_a_key_a_client_is_led_to_the_metadata_that_says_how_to_present_one()
    {
        using var refused = await server.SendAsync(HttpMethod.Post, "/mcp", List);

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        var challenge = refused.Headers.WwwAuthenticate.ToString();
        Assert.StartsWith("Bearer resource_metadata=\"", challenge, StringComparison.Ordinal);
        using var metadata = await server.SendAsync(HttpMethod.Get, challenge.Split('"')[1], null);
        var document = JsonElement.Parse(await metadata.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal((server.Url.ToString(), "header"), (document.GetProperty("resource").GetString(), document.GetProperty("bearer_methods_supported")[0].GetString()));
    }

    [Theory]
    [InlineData("X-API-Key", "moru_0000000000000000000000000000000000000000")]
    [InlineData("Authorization", "Bearer moru_0000000000000000000000000000000000000000")]
    [InlineData("Authorization", "Bearer rubbish")]
    [InlineData("Authorization", "Basic bW9ydQ==")]
    [InlineData("X-API-Key", "")]
    public async Task A_wrong_key_is_refused(string header, string value) =>
        Assert.Equal(HttpStatusCode.Unauthorized, await server.StatusAsync(Initialize, (header, value)));

    [Theory]
    [InlineData("/mcp/sse")]
    [InlineData("/mcp/message?sessionId=x")]
    [InlineData("/mcp")]
    public async Task Every_endpoint_demands_a_key(string path)
    {
        using var answer = await server.SendAsync(HttpMethod.Get, path, null);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Theory]
    [InlineData("Origin", "https://evil.example", false)]
    [InlineData("Origin", "null", false)]
    [InlineData("Origin", "http://8080-i123.moru.localhost", false)]
    [InlineData("Origin", "http://8.8.8.8", false)]
    [InlineData("Origin", "http://172.17.0.2:8000", false)]
    [InlineData("Origin", "chrome-extension://localhost", false)]
    [InlineData("Origin", "file:///x", false)]
    [InlineData("Origin", "http://evil.example@localhost", false)]
    [InlineData("Origin", "http://evil.example, http://localhost", false)]
    [InlineData("Origin", "http://localhost:6274", true)]
    [InlineData("Origin", "http://127.0.0.1:6274", true)]
    [InlineData("Origin", "http://[::1]:6274", true)]
    [InlineData("Origin", "https://mcp.example", true)]
    [InlineData("Host", "evil.example", false)]
    [InlineData("Host", "127.0.0.1.evil.example", false)]
    [InlineData("Host", "192.168.1.20", true)]
    [InlineData("Host", "localhost:1234", true)]
    [InlineData("Host", "MCP.example", true)]
    public async Task Pages_and_names_of_strangers_are_refused_even_with_a_key(string header, string value, bool welcome) =>
        Assert.Equal(welcome ? HttpStatusCode.OK : HttpStatusCode.Forbidden, await server.StatusAsync(Initialize, Key, (header, value)));

    [Theory]
    [InlineData("Origin: http://localhost\r\nOrigin: https://evil.example", "403")]
    [InlineData("Moru-Session: mine\r\nMoru-Session: yours", "400")]
    [InlineData("Mcp-Session-Id: mine\r\nMcp-Session-Id: yours", "400")]
    public async Task A_header_that_is_there_twice_is_refused(string headers, string status)
    {
        var answer = await server.ExchangeAsync($"POST /mcp HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {server.Key}\r\n{headers}\r\nAccept: application/json, text/event-stream\r\nContent-Type: application/json\r\nContent-Length: {List.Length}\r\nConnection: close\r\n\r\n{List}");

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")]
    public async Task Who_shows_no_key_keeps_no_connection(string request) =>
        await server.ExchangeAsync(request).WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);

    [Fact]
    public async Task A_page_of_this_machine_may_ask_from_a_browser()
    {
        using var preflight = await server.SendAsync(
            HttpMethod.Options, "/mcp", null, ("Origin", "http://localhost:6274"), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "mcp-session-id"));

        Assert.Equal(HttpStatusCode.NoContent, preflight.StatusCode);
        Assert.Equal("http://localhost:6274", Assert.Single(preflight.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.Contains("Mcp-Session-Id", Assert.Single(preflight.Headers.GetValues("Access-Control-Allow-Headers")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_that_nobody_opened_is_unknown() =>
        Assert.Equal(HttpStatusCode.NotFound, await server.StatusAsync(List, Key, ("Mcp-Session-Id", "none"), ("MCP-Protocol-Version", "2025-11-25")));

    [Fact]
    public async Task A_session_of_another_name_is_not_there_for_this_one()
    {
        using var opened = await server.SendAsync(HttpMethod.Post, "/mcp", Initialize, Key, ("Moru-Session", "mine"));
        var id = Assert.Single(opened.Headers.GetValues("Mcp-Session-Id"));

        var others = await server.StatusAsync(List, Key, ("Moru-Session", "yours"), ("Mcp-Session-Id", id), ("MCP-Protocol-Version", "2025-11-25"));

        Assert.Contains(others, new[] { HttpStatusCode.Forbidden, HttpStatusCode.NotFound });
        Assert.Equal(HttpStatusCode.OK, await server.StatusAsync(List, Key, ("Moru-Session", "mine"), ("Mcp-Session-Id", id), ("MCP-Protocol-Version", "2025-11-25")));
    }

    [Theory]
    [InlineData("two words")]
    [InlineData("../x")]
    public async Task A_session_name_that_cannot_be_one_is_refused(string name) =>
        Assert.Equal(HttpStatusCode.BadRequest, await server.StatusAsync(Initialize, Key, ("Moru-Session", name)));

    [Fact]
    public async Task Bodies_and_headers_have_a_bound()
    {
        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, await server.StatusAsync(Initialize, Key, ("X-Long", new string('x', 64 << 10))));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await server.StatusAsync(new string(' ', 49 << 20), Key, ("Expect", "100-continue")));
    }
}
