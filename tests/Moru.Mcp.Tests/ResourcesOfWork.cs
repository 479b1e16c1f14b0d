using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Moru.Mcp.Tests;

/// <summary>Resources of what a session does: commands, terminals, logs, templates and volumes.</summary>
public sealed class ResourcesOfWork(EndToEndSession session) : IClassFixture<EndToEndSession>
{
    private readonly McpProcess mcp = session.Mcp;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Covers("moru://sandboxes/{sandbox_id}/commands/{pid}{?cursor}", "command handle.wait()")]
    [Covers("moru://sandboxes/{sandbox_id}/commands", "commands.list()")]
    [Fact]
    public async Task The_output_of_a_command_is_read_to_its_last_byte_by_cursor()
    {
        await mcp.DoAsync("run_command", new() { ["command"] = "seq 1 9000; echo oops >&2; exit 3" });
        var listed = (await JsonAsync("moru://sandboxes/session/commands")).GetProperty("commands")[0];
        var uri = $"moru://sandboxes/session/commands/{listed.GetProperty("pid")}";

        var (all, cursor) = ("", "0,0");
        for (JsonElement page; cursor is not null; cursor = page.TryGetProperty("cursor", out var next) ? next.GetString() : null)
        {
            page = await JsonAsync($"{uri}?cursor={cursor}");
            all += page.GetProperty("stdout").GetString();
        }

        var ends = await JsonAsync(uri);
        Assert.Equal(("exit 3", 3, "oops\n"), (listed.GetProperty("state").GetString(), ends.GetProperty("exit_code").GetInt32(), ends.GetProperty("stderr").GetString()));
        Assert.Equal(string.Concat(Enumerable.Range(1, 9000).Select(number => $"{number}\n")), all);
        Assert.StartsWith("1\n2\n", ends.GetProperty("stdout").GetString(), StringComparison.Ordinal);
        Assert.EndsWith("9000\n", ends.GetProperty("stdout").GetString(), StringComparison.Ordinal);
    }

    [Covers("moru://sandboxes/{sandbox_id}/screens/{pid}", "pty.create(cols, rows, on_data)")]
    [Fact]
    public async Task A_screen_is_shown_as_it_is_and_nothing_is_taken_from_it()
    {
        var pid = (await mcp.DoAsync("open_terminal", new() { ["command"] = "seq 1 40; echo ready; read" })).GetProperty("pid").GetInt32();
        await mcp.DoAsync("run_command", new() { ["command"] = "true" });

        var screen = await TextAsync($"moru://sandboxes/session/screens/{pid}");
        var looked = await mcp.DoAsync("use_terminal", new() { ["pid"] = pid });

        Assert.Equal(("text/plain", looked.GetProperty("screen").GetString()), (screen.MimeType, screen.Text));
        Assert.EndsWith("ready", screen.Text.TrimEnd(), StringComparison.Ordinal);
        await mcp.DoAsync("kill_command", new() { ["pid"] = pid });
    }

    [Fact]
    public async Task The_log_of_a_sandbox_is_read_from_its_end_or_from_a_time_on()
    {
        var before = DateTimeOffset.UtcNow;
        await mcp.RunAsync("echo logged");

        JsonElement[] entries = [];
        await Eventually.TrueAsync(async () => (entries = [.. (await JsonAsync("moru://sandboxes/session/logs")).GetProperty("entries").EnumerateArray()]).Any(entry => entry.GetProperty("message").GetString() == "logged\n"), "the output is in the log");
        Assert.All(entries, entry => Assert.NotEmpty(entry.GetProperty("event_type").GetString()!));
        var since = (await JsonAsync($"moru://sandboxes/session/logs?start={before:yyyy-MM-ddTHH:mm:ss.fffZ}")).GetProperty("entries").EnumerateArray().ToList();
        Assert.Contains(since, entry => entry.GetProperty("message").GetString() == "logged\n");
        Assert.Empty((await JsonAsync($"moru://sandboxes/session/logs?start={before.AddHours(1):yyyy-MM-ddTHH:mm:ssZ}")).GetProperty("entries").EnumerateArray());
    }

    [Covers("moru://templates/{template}/builds/{build_id}", "Template.get_build_status()")]
    [Fact]
    public async Task Templates_are_listed_with_their_builds_and_logs()
    {
        var built = await mcp.DoAsync("build_template", new() { ["name"] = "resourced", ["dockerfile"] = "FROM moru/base\nRUN echo building-it", ["wait_seconds"] = 300 });

        var names = (await JsonAsync("moru://templates")).GetProperty("templates").EnumerateArray().SelectMany(template => template.GetProperty("aliases").EnumerateArray().Select(alias => alias.GetString()));
        var builds = (await JsonAsync("moru://templates/resourced")).GetProperty("builds");
        var build = await JsonAsync(builds[0].GetProperty("uri").GetString()!);
        await mcp.DoAsync("delete_template", new() { ["template"] = "resourced" });

        Assert.Contains("resourced", names);
        Assert.Equal((built.GetProperty("build_id").GetString(), "ready"), (build.GetProperty("build_id").GetString(), build.GetProperty("status").GetString()));
        Assert.Contains("building-it", build.GetProperty("log").GetString(), StringComparison.Ordinal);
        await MissingAsync("moru://templates/resourced", "there is no template 'resourced'. Read moru://templates");
    }

    [Covers("moru://volumes/{volume}", "Volume.get()", "volume properties")]
    [Covers("moru://volumes", "Volume.list()")]
    [Covers("moru://volumes/{volume}/files{+path}{?offset,length}", "volume.list_files()", "volume.download()")]
    [Fact]
    public async Task Volumes_are_listed_and_their_files_read_without_a_sandbox()
    {
        await mcp.DoAsync("manage_volume", new() { ["action"] = "create", ["volume"] = "resourced" });
        await mcp.DoAsync("volume_file", new() { ["volume"] = "resourced", ["action"] = "write", ["path"] = "/below/notes.md", ["content"] = "0123456789" });

        Assert.Contains((await JsonAsync("moru://volumes")).GetProperty("volumes").EnumerateArray(), volume => volume.GetProperty("name").GetString() == "resourced");
        var root = (await JsonAsync("moru://volumes/resourced")).GetProperty("uri").GetString()!;
        var below = (await JsonAsync(root)).GetProperty("entries")[0].GetProperty("uri").GetString()!;
        var file = (await JsonAsync(below)).GetProperty("entries")[0];
        Assert.Equal(("text/markdown", 10), (file.GetProperty("mime_type").GetString(), file.GetProperty("size_bytes").GetInt32()));
        Assert.Equal("0123456789", (await TextAsync(file.GetProperty("uri").GetString()!)).Text);
        Assert.Equal("345", (await TextAsync("moru://volumes/resourced/files/below/notes.md?offset=3&length=3")).Text);
        await MissingAsync("moru://volumes/resourced/files/nothing", "Read moru://volumes");
        await mcp.DoAsync("manage_volume", new() { ["action"] = "delete", ["volume"] = "resourced" });
        await MissingAsync("moru://volumes/resourced", "resourced");
    }

    [Theory]
    [InlineData("moru://sandboxes/session/commands/999999", "There is no command 999999")]
    [InlineData("moru://sandboxes/session/commands/1?cursor=here", "`cursor` is 'here'")]
    [InlineData("moru://sandboxes/session/screens/999999", "no terminal 999999 open")]
    [InlineData("moru://sandboxes/ineverwas00000000000a/logs", "ineverwas")]
    [InlineData("moru://templates/base/builds/none", "Read moru://templates")]
    public async Task What_is_not_there_is_named_with_what_is(string uri, string expected)
    {
        await mcp.RunAsync("true");

        await MissingAsync(uri, expected);
    }

    [Fact]
    public async Task Pids_templates_volumes_and_their_paths_are_completed()
    {
        await mcp.DoAsync("manage_volume", new() { ["action"] = "create", ["volume"] = "completed" });
        await mcp.DoAsync("volume_file", new() { ["volume"] = "completed", ["action"] = "write", ["path"] = "/inner/x.txt", ["content"] = "x" });
        var command = (await mcp.DoAsync("run_command", new() { ["command"] = "sleep 600", ["wait_seconds"] = 0 })).GetProperty("pid").ToString();
        var terminal = (await mcp.DoAsync("open_terminal", new() { ["command"] = "sleep 600" })).GetProperty("pid").ToString();

        Assert.Contains(command, await CompleteAsync("moru://sandboxes/{sandbox_id}/commands/{pid}{?cursor}", "pid", command));
        Assert.Equal([terminal], await CompleteAsync("moru://sandboxes/{sandbox_id}/screens/{pid}", "pid", ""));
        Assert.Contains("base", await CompleteAsync("moru://templates/{template}", "template", "ba"));
        Assert.NotEmpty(await CompleteAsync("moru://templates/{template}/builds/{build_id}", "build_id", "", ("template", "base")));
        Assert.Equal(["completed"], await CompleteAsync("moru://volumes/{volume}", "volume", "comp"));
        Assert.Equal(["/inner/"], await CompleteAsync("moru://volumes/{volume}/files{+path}{?offset,length}", "path", "/i", ("volume", "completed")));
        Assert.Equal(["/inner/x.txt"], await CompleteAsync("moru://volumes/{volume}/files{+path}{?offset,length}", "path", "/inner/", ("volume", "completed")));
        Assert.Empty(await CompleteAsync("moru://volumes/{volume}/files{+path}{?offset,length}", "path", "/", ("volume", "no-such")));

        foreach (var pid in new[] { command, terminal }) await mcp.DoAsync("kill_command", new() { ["pid"] = int.Parse(pid, System.Globalization.CultureInfo.InvariantCulture) });
        await mcp.DoAsync("manage_volume", new() { ["action"] = "delete", ["volume"] = "completed" });
    }

    private async Task<IList<string>> CompleteAsync(string template, string argument, string typed, params (string Name, string Value)[] given)
    {
        var request = new CompleteRequestParams
        {
            Ref = new ResourceTemplateReference { Uri = template },
            Argument = new Argument { Name = argument, Value = typed },
            Context = new CompleteContext { Arguments = given.ToDictionary(each => each.Name, each => each.Value) },
        };
        return (await (await mcp.ConnectAsync()).CompleteAsync(request, Cancelled)).Completion.Values;
    }

    private async Task MissingAsync(string uri, string expected)
    {
        var error = await Assert.ThrowsAsync<McpProtocolException>(() => TextAsync(uri));
        Assert.Equal(McpErrorCode.InvalidParams, error.ErrorCode);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    private async Task<TextResourceContents> TextAsync(string uri) =>
        Assert.IsType<TextResourceContents>(Assert.Single((await (await mcp.ConnectAsync()).ReadResourceAsync(uri, cancellationToken: Cancelled)).Contents));

    private async Task<JsonElement> JsonAsync(string uri)
    {
        var contents = await TextAsync(uri);
        Assert.Equal("application/json", contents.MimeType);
        return JsonElement.Parse(contents.Text);
    }
}
