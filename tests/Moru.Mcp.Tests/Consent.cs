using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Moru.Mcp.Tests;

/// <summary>Users who are asked before a sandbox that is not the session's own ends, in both protocol eras.</summary>
public sealed class Consent(McpHttpFixture fixture) : IClassFixture<McpHttpFixture>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("2025-11-25")]
    [InlineData("2026-07-28")]
    public async Task A_sandbox_ends_only_when_the_user_agrees(string protocol)
    {
        var (asked, agrees) = (new List<string>(), false);
        await using var client = await fixture.Server.ConnectAsync(protocol, session: "consent", elicit: (form, _) =>
        {
            asked.Add(form!.Message);
            return ValueTask.FromResult(new ElicitResult { Action = "accept", Content = new Dictionary<string, System.Text.Json.JsonElement> { ["agree"] = System.Text.Json.JsonElement.Parse(agrees ? "true" : "false") } });
        });
        var id = (await client.CallToolAsync("create_sandbox", cancellationToken: Cancelled)).StructuredContent!.Value.GetProperty("sandbox_id").GetString()!;

        var refused = await KillAsync(client, id);
        Assert.Contains("did not agree", McpProcess.Text(refused), StringComparison.Ordinal);
        agrees = true;
        Assert.True((await KillAsync(client, id)).StructuredContent!.Value.GetProperty("killed").GetBoolean());

        Assert.Equal(2, asked.Count);
        Assert.Contains(id, asked[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_life_is_shortened_only_when_the_user_agrees_and_lengthened_without_a_question()
    {
        var asked = new List<string>();
        await using var client = await fixture.Server.ConnectAsync(session: "consent", elicit: (form, _) =>
        {
            asked.Add(form!.Message);
            return ValueTask.FromResult(new ElicitResult { Action = "decline" });
        });
        var id = (await client.CallToolAsync("create_sandbox", cancellationToken: Cancelled)).StructuredContent!.Value.GetProperty("sandbox_id").GetString()!;
        async Task<bool> SetAsync(object seconds) =>
            (await client.CallToolAsync("set_timeout", new Dictionary<string, object?> { ["sandbox_id"] = id, ["timeout_seconds"] = seconds }, cancellationToken: Cancelled)).IsError != true;

        Assert.True(await SetAsync(3600));
        Assert.Empty(asked);
        Assert.False(await SetAsync(1));
        Assert.False(await SetAsync(System.Text.Json.JsonElement.Parse("1.0")));

        Assert.Equal(2, asked.Count);
        Assert.All(asked, question => Assert.Contains(id, question, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Nobody_is_asked_for_the_session_sandbox_or_by_a_client_that_cannot()
    {
        await using var client = await fixture.Server.ConnectAsync(session: "consent", elicit: (_, _) => throw new InvalidOperationException("asked"));
        await client.CallToolAsync("run_command", new Dictionary<string, object?> { ["command"] = "true" }, cancellationToken: Cancelled);
        Assert.NotEqual(true, (await client.CallToolAsync("kill_sandbox", cancellationToken: Cancelled)).IsError);

        await using var silent = await fixture.Server.ConnectAsync(session: "consent");
        Assert.NotEqual(true, (await KillAsync(silent, "inone0000000000000000")).IsError);
    }

    [Fact]
    public async Task An_answer_counts_for_the_call_that_it_was_asked_about_alone()
    {
        var first = await RemoveAsync("/tmp/harmless", null);
        var agreed = $$"""{"consent":{"action":"accept","content":{"agree":true} } }""";
        var state = first.GetProperty("requestState").GetString()!;

        var other = await RemoveAsync("/home/user/precious", $""","inputResponses":{agreed},"requestState":"{state}" """);
        var unbound = await RemoveAsync("/tmp/harmless", $""","inputResponses":{agreed}""");
        var same = await RemoveAsync("/tmp/harmless", $""","inputResponses":{agreed},"requestState":"{state}" """);

        Assert.Equal(["input_required", "input_required", "complete"], new[] { other, unbound, same }.Select(result => result.GetProperty("resultType").GetString()));
    }

    private async Task<System.Text.Json.JsonElement> RemoveAsync(string path, string? more)
    {
        var body = $$$"""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"remove_file","arguments":{"path":"{{{path}}}"}{{{more}}},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{"elicitation":{"form":{} } } } } }""";
        using var response = await fixture.Server.SendAsync(HttpMethod.Post, "", body, ("X-API-Key", fixture.Server.Key), ("Moru-Session", "consent"), ("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call"), ("Mcp-Name", "remove_file"));
        var text = await response.Content.ReadAsStringAsync(Cancelled);
        return System.Text.Json.JsonElement.Parse(text[text.IndexOf('{', StringComparison.Ordinal)..].Split('\n')[0]).GetProperty("result");
    }

    private static async Task<CallToolResult> KillAsync(McpClient client, string id) =>
        await client.CallToolAsync("kill_sandbox", new Dictionary<string, object?> { ["sandbox_id"] = id }, cancellationToken: Cancelled);
}
