using System.Net;

namespace Moru.Mcp.Tests;

/// <summary>How many sessions a key may have at the MCP server over HTTP, so that others find room.</summary>
public sealed class HttpSessionBounds(McpHttpFixture fixture) : IClassFixture<McpHttpFixture>
{
    private const int Most = 200;
    private const string Initialize = """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}""";
    private const string List = """{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}""";

    private readonly McpHttp server = fixture.Server;

    [Fact]
    public async Task A_key_that_has_too_many_open_gets_no_more_until_one_ends_and_others_do()
    {
        var key = ("X-API-Key", await fixture.NewKeyAsync());
        using var stream = await server.SendAsync(HttpMethod.Get, "/mcp/sse", null, key);
        var last = "";
        for (var i = 1; i < Most; i++) last = await OpenAsync(key);

        using var refused = await server.SendAsync(HttpMethod.Post, "/mcp", Initialize, key);
        using var refusedStream = await server.SendAsync(HttpMethod.Get, "/mcp/sse", null, key);
        foreach (var each in (HttpResponseMessage[])[refused, refusedStream])
        {
            Assert.Equal((HttpStatusCode.TooManyRequests, false), (each.StatusCode, each.Headers.Contains("Mcp-Session-Id")));
            Assert.NotNull(each.Headers.RetryAfter);
            Assert.Contains("end some with DELETE", await each.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }

        await OpenAsync(("X-API-Key", server.Key));
        using var ended = await server.SendAsync(HttpMethod.Delete, "/mcp", null, key, ("Mcp-Session-Id", last), ("MCP-Protocol-Version", "2025-11-25"));
        await Eventually.TrueAsync(async () => await server.StatusAsync(Initialize, key) == HttpStatusCode.OK, "there is room for another");
    }

    [Fact]
    public async Task A_key_that_gives_ever_more_names_takes_the_room_of_its_own()
    {
        var key = ("X-API-Key", await fixture.NewKeyAsync());
        for (var i = 0; i <= Most; i++)
            Assert.Equal(HttpStatusCode.OK, await server.StatusAsync(List, key, ("Moru-Session", $"name{i}"), ("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/list")));
    }

    private async Task<string> OpenAsync((string, string) key)
    {
        using var opened = await server.SendAsync(HttpMethod.Post, "/mcp", Initialize, key);
        Assert.Equal(HttpStatusCode.OK, opened.StatusCode);
        return opened.Headers.GetValues("Mcp-Session-Id").Single();
    }
}
