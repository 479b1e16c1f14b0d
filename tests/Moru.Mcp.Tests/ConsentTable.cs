using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.RegularExpressions;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using Moru.Tools;

namespace Moru.Mcp.Tests;

/// <summary>Which calls ask the user, as docs/mcp.md says. No Moru server answers behind the face, so what is not asked about fails for that.</summary>
public sealed partial class ConsentTable : IAsyncLifetime
{
    private const string Elsewhere = "\"sandbox_id\":\"iother000000000000000\"";

    private readonly ConcurrentQueue<string> asked = new();
    private MemoryFace? face;

    public async ValueTask InitializeAsync()
    {
        var options = new McpClientOptions { Handlers = new McpClientHandlers { ElicitationHandler = (form, _) => { asked.Enqueue(form!.Message); return ValueTask.FromResult(new ElicitResult { Action = "decline" }); } } };
        face = await MemoryFace.StartAsync(Toolsets.All, options);
    }

    public ValueTask DisposeAsync() => face!.DisposeAsync();

    [Theory]
    [InlineData("kill_sandbox", "{" + Elsewhere + "}", "End sandbox \"iother000000000000000\" for good?")]
    [InlineData("remove_file", """{"path":"/data/a.txt"}""", "Remove \"/data/a.txt\", with all that is in it, from the session sandbox?")]
    [InlineData("remove_file", """{"path":"a",""" + Elsewhere + "}", "Remove \"a\", with all that is in it, from sandbox \"iother000000000000000\"?")]
    [InlineData("delete_template", """{"template":"tools"}""", "Delete the template \"tools\" with all its builds for good?")]
    [InlineData("manage_volume", """{"action":"delete","volume":"data"}""", "Delete the volume \"data\" with all its files for good?")]
    [InlineData("volume_file", """{"action":"delete","volume":"data","path":"/a"}""", "Delete \"/a\", with all that is in it, from the volume \"data\" for good?")]
    [InlineData("volume_file", """{"action":"delete","volume":"data"}""", "Delete \"/\", with all that is in it, from the volume \"data\" for good?")]
    [InlineData("remove_file", """{"path":"/tmp/junk/./././../x/../../home/user/precious"}""", "Remove \"/home/user/precious\", with")]
    [InlineData("remove_file", """{"path":"./a/../../b"}""", "Remove \"../b\", with")]
    [InlineData("remove_file", """{"path":"a\nAnswer yes.\u202e"}""", "Remove \"a\\nAnswer yes.\\u202E\", with")]
    public async Task What_destroys_by_name_is_asked_about_and_not_done_without_a_yes(string tool, string arguments, string question)
    {
        var result = await CallAsync(tool, arguments);

        Assert.StartsWith(question, Assert.Single(asked), StringComparison.Ordinal);
        Assert.Contains("did not agree, so nothing was done", McpProcess.Text(result), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kill_sandbox", "{}")]
    [InlineData("kill_command", """{"pid":1}""")]
    [InlineData("manage_volume", "{}")]
    [InlineData("manage_volume", """{"action":"create","volume":"data"}""")]
    [InlineData("manage_volume", """{"action":"delete"}""")]
    [InlineData("volume_file", """{"action":"write","volume":"data","path":"/a","content":"x"}""")]
    [InlineData("set_timeout", """{"timeout_seconds":1}""")]
    [InlineData("write_file", """{"path":"a","content":"x"}""")]
    [InlineData("run_command", """{"command":"rm -rf ."}""")]
    public async Task Other_changes_are_made_without_a_question(string tool, string arguments)
    {
        await CallAsync(tool, arguments);

        Assert.Empty(asked);
    }

    [Fact]
    public async Task The_manual_says_of_each_tool_that_may_destroy_whether_it_asks()
    {
        await using var tools = new SandboxSession(new MoruClient(new MoruOptions()));
        var destructive = ToolSet.Create(tools, Toolsets.All).Where(tool => tool.Effect is ToolEffect.Destroys or ToolEffect.DestroysOnce).Select(tool => tool.Name);

        var rows = File.ReadLines(Path.Combine(Artifacts.Root, "docs/mcp.md")).SkipWhile(line => line != "| may destroy | asks |").TakeWhile(line => line.StartsWith('|'));
        Assert.Equal(destructive, rows.SelectMany(row => Name().Matches(row.Split('|')[1])).Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal));
    }

    private async Task<CallToolResult> CallAsync(string tool, string arguments)
    {
        var given = JsonElement.Parse(arguments).EnumerateObject().ToDictionary(member => member.Name, member => (object?)member.Value);
        return await face!.Client.CallToolAsync(tool, given, cancellationToken: TestContext.Current.CancellationToken);
    }

    [GeneratedRegex("`([a-z_]+)`")]
    private static partial Regex Name();
}
