using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Moru.Mcp.Tests;

/// <summary>Sessions of the MCP server over HTTP, from official clients to sandboxes.</summary>
public sealed class HttpSessionsEndToEnd(McpHttpFixture fixture) : IClassFixture<McpHttpFixture>
{
    private const string WithSessions = "2025-11-25";
    private const string WithoutSessions = "2026-07-28";

    private readonly McpHttp server = fixture.Server;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_revision_and_transport_finds_the_same_session_sandbox()
    {
        await using var sessions = await server.ConnectAsync(WithSessions);
        await using var stateless = await server.ConnectAsync(WithoutSessions);
        await using var sse = await server.ConnectAsync(WithSessions, sse: true);
        await RunAsync(sessions, "echo kept > file");

        Assert.Equal((WithSessions, WithoutSessions), (sessions.NegotiatedProtocolVersion, stateless.NegotiatedProtocolVersion));
        foreach (var client in (McpClient[])[stateless, sse]) Assert.Equal("kept\n", (await RunAsync(client, "cat file")).GetProperty("stdout").GetString());
    }

    [Fact]
    public async Task Discovery_and_the_error_for_an_unknown_revision_name_the_same_revisions()
    {
        var named = await SupportedAsync(WithoutSessions, "result", "supportedVersions");

        Assert.Contains(WithSessions, named);
        Assert.Equal(named, (await SupportedAsync("1999-01-01", "error", "data", "supported")).Order(StringComparer.Ordinal));
    }

    private async Task<string[]> SupportedAsync(string protocol, params string[] path)
    {
        var body = """{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"REVISION","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}""".Replace("REVISION", protocol, StringComparison.Ordinal);
        using var answer = await server.SendAsync(HttpMethod.Post, "/mcp", body, ("X-API-Key", server.Key), ("MCP-Protocol-Version", protocol), ("Mcp-Method", "server/discover"));
        var text = await answer.Content.ReadAsStringAsync(Cancelled);
        var message = JsonElement.Parse(text[text.IndexOf('{', StringComparison.Ordinal)..]);
        return [.. path.Aggregate(message, (element, name) => element.GetProperty(name)).EnumerateArray().Select(version => version.GetString()!)];
    }

    [Fact]
    public async Task Sessions_of_other_names_and_keys_have_sandboxes_of_their_own()
    {
        await using var mine = await server.ConnectAsync(session: "mine");
        await using var named = await server.ConnectAsync(session: "other");
        await using var keyed = await server.ConnectAsync(session: "mine", key: await fixture.NewKeyAsync());

        var ids = new List<string?>();
        foreach (var client in (McpClient[])[mine, named, keyed]) ids.Add(Id(await RunAsync(client, "true")));

        Assert.Equal(3, ids.Distinct().Count());
    }

    [Theory]
    [InlineData(WithSessions)]
    [InlineData(WithoutSessions)]
    public async Task A_client_carries_on_after_the_server_was_killed_and_started_again(string protocol)
    {
        using var data = new TemporaryDirectory();
        await using var first = await McpHttp.StartAsync(data.Path);
        await using var client = await first.ConnectAsync(protocol);
        var id = Id(await RunAsync(client, "echo kept > file"));

        await first.KillAsync();
        await using var second = await McpHttp.StartAsync(data.Path, port: first.Url.Port);
        var after = await RunAsync(client, "cat file");

        Assert.Equal((id, "kept\n"), (Id(after), after.GetProperty("stdout").GetString()));
        await client.CallToolAsync("kill_sandbox", cancellationToken: Cancelled);
    }

    [Fact]
    public async Task A_session_that_its_client_ended_stays_unknown_after_a_restart()
    {
        using var data = new TemporaryDirectory();
        string ended;
        await using (var first = await McpHttp.StartAsync(data.Path))
        {
            await using (var client = await first.ConnectAsync(WithSessions)) ended = client.SessionId!;
            await Eventually.TrueAsync(() => Directory.GetFiles(Path.Combine(data.Path, "mcp-sessions")).Length == 0, "the session is forgotten");
        }

        await using var second = await McpHttp.StartAsync(data.Path);
        Assert.Equal(
            System.Net.HttpStatusCode.NotFound,
            await second.StatusAsync("""{"jsonrpc":"2.0","id":1,"method":"tools/list"}""", ("X-API-Key", second.Key), ("Mcp-Session-Id", ended), ("MCP-Protocol-Version", WithSessions)));
    }

    /// <summary>Without sessions the connection is all that a client has; with them it sends a notification.</summary>
    [Theory]
    [InlineData(WithSessions)]
    [InlineData(WithoutSessions)]
    public async Task Giving_up_a_call_kills_the_whole_process_group(string protocol)
    {
        await using var client = await server.ConnectAsync(protocol);
        await using var other = await server.ConnectAsync(protocol);
        var mark = protocol.Replace("-", "", StringComparison.Ordinal)[4..];
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var request = new JsonRpcRequest
        {
            Id = new RequestId("to-be-cancelled"),
            Method = RequestMethods.ToolsCall,
            Params = new JsonObject { ["name"] = "run_command", ["arguments"] = new JsonObject { ["command"] = $"sleep 1{mark} & (trap '' TERM; sleep 1{mark}) & wait" } },
        };
        var call = client.SendRequestAsync(request, patience.Token);
        await Eventually.TrueAsync(async () => await CountAsync(other, mark) == 2, "both children run");

        if (protocol == WithSessions)
            await client.SendNotificationAsync(NotificationMethods.CancelledNotification, new CancelledNotificationParams { RequestId = request.Id }, cancellationToken: Cancelled);
        else
            await patience.CancelAsync();

        await Eventually.TrueAsync(async () => await CountAsync(other, mark) == 0, "nothing is left");
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => call);
    }

    private static async Task<int> CountAsync(McpClient client, string mark) =>
        int.Parse((await RunAsync(client, $"pgrep -cf '^sleep 1{mark}' || true")).GetProperty("stdout").GetString()!, System.Globalization.CultureInfo.InvariantCulture);

    private static async Task<JsonElement> RunAsync(McpClient client, string command)
    {
        var arguments = new Dictionary<string, object?> { ["command"] = command };
        var result = await client.CallToolAsync("run_command", arguments, cancellationToken: Cancelled);
        Assert.False(result.IsError, McpProcess.Text(result));
        return result.StructuredContent!.Value;
    }

    private static string? Id(JsonElement result) => result.GetProperty("sandbox_id").GetString();
}
