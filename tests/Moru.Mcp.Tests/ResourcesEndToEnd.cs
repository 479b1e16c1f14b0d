using System.Text;
using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Moru.Mcp.Tests;

/// <summary>Resources of a real session.</summary>
public sealed class ResourcesEndToEnd(EndToEndSession session) : IClassFixture<EndToEndSession>
{
    private readonly McpProcess mcp = session.Mcp;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Covers("moru://sandboxes/{sandbox_id}", "sandbox.get_info()")]
    [Covers("moru://sandboxes", "Sandbox.list()")]
    [Fact]
    public async Task Sandboxes_are_listed_described_and_remembered()
    {
        var id = await SandboxAsync();

        var listed = await (await mcp.ConnectAsync()).ListResourcesAsync(cancellationToken: Cancelled);
        var named = Assert.Single(listed, resource => resource.Uri == "moru://sandboxes/" + id);
        Assert.Equal(Encoding.UTF8.GetByteCount((await TextAsync(named.Uri)).Text), named.ProtocolResource.Size);
        Assert.Contains(await JsonAsync("moru://sandboxes", "sandboxes"), sandbox => sandbox.GetProperty("sandbox_id").GetString() == id);
        Assert.Contains(await JsonAsync("moru://history", "runs"), run => run.GetProperty("sandbox_id").GetString() == id);
        var one = JsonElement.Parse((await TextAsync("moru://sandboxes/session")).Text);
        Assert.Equal((id, true, "running"), (one.GetProperty("sandbox_id").GetString(), one.GetProperty("session").GetBoolean(), one.GetProperty("state").GetString()));
    }

    [Covers("moru://sandboxes/{sandbox_id}/files{+path}{?offset,length}", "files.read(format=\"text\")")]
    [Fact]
    public async Task A_text_file_is_text_of_its_type_whole_or_in_part()
    {
        await mcp.DoAsync("write_file", new() { ["path"] = "/tmp/data.csv", ["content"] = "a,b\n1,ü\n" });

        var whole = await TextAsync("moru://sandboxes/session/files/tmp/data.csv");
        Assert.Equal(("text/csv", "a,b\n1,ü\n"), (whole.MimeType, whole.Text));
        Assert.Equal("1,ü", (await TextAsync("moru://sandboxes/session/files/tmp/data.csv?offset=4&length=4")).Text);
        Assert.Equal("", (await TextAsync("moru://sandboxes/session/files/tmp/data.csv?offset=1000")).Text);
    }

    [Covers("moru://sandboxes/{sandbox_id}/files{+path}{?offset,length}", "files.read(format=\"bytes\")")]
    [Fact]
    public async Task A_binary_file_is_a_blob_of_its_type()
    {
        await mcp.RunAsync("printf '\\211PNG\\0\\377' > /tmp/plot.png");

        var blob = Assert.IsType<BlobResourceContents>(await ReadAsync("moru://sandboxes/session/files/tmp/plot.png"));

        Assert.Equal("image/png", blob.MimeType);
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G', 0, 0xff], blob.DecodedData.ToArray());
    }

    [Covers("moru://sandboxes/{sandbox_id}/files{+path}{?offset,length}", "files.list()")]
    [Fact]
    public async Task A_directory_lists_its_entries_with_types_sizes_and_uris_that_can_be_read()
    {
        await mcp.RunAsync("mkdir -p /tmp/dir/below; printf hello > '/tmp/dir/a b.txt'");

        var entries = await JsonAsync("moru://sandboxes/session/files/tmp/dir", "entries");

        Assert.Equal(["a b.txt file text/plain 5", "below directory"], entries.Select(entry => entry.GetProperty("type").GetString() == "directory"
            ? $"{entry.GetProperty("name")} directory"
            : $"{entry.GetProperty("name")} file {entry.GetProperty("mime_type")} {entry.GetProperty("size_bytes")}").Order(StringComparer.Ordinal));
        var uri = entries.Single(entry => entry.GetProperty("type").GetString() == "file").GetProperty("uri").GetString()!;
        Assert.Equal("hello", (await TextAsync(uri)).Text);
    }

    [Fact]
    public async Task A_directory_with_more_entries_than_are_listed_says_how_many_there_are()
    {
        await mcp.RunAsync("mkdir -p /tmp/many; seq -f /tmp/many/%g 1005 | xargs touch");

        var directory = JsonElement.Parse((await TextAsync("moru://sandboxes/session/files/tmp/many")).Text);

        Assert.Equal((1_000, 1_005), (directory.GetProperty("entries").GetArrayLength(), directory.GetProperty("total").GetInt32()));
    }

    [Fact]
    public async Task A_URI_that_is_too_long_is_refused()
    {
        var client = await mcp.ConnectAsync();
        var uri = "moru://sandboxes/session/files/" + new string('x', 8 << 10);
        var asked = new Func<Task>[]
        {
            () => client.ReadResourceAsync(uri, cancellationToken: Cancelled).AsTask(),
            () => client.CompleteAsync(new ResourceTemplateReference { Uri = uri }, "sandbox_id", "", cancellationToken: Cancelled).AsTask(),
            () => client.CompleteAsync(new ResourceTemplateReference { Uri = "moru://sandboxes/{sandbox_id}" }, "sandbox_id", uri, cancellationToken: Cancelled).AsTask(),
        };

        foreach (var ask in asked)
        {
            var error = await Assert.ThrowsAsync<McpProtocolException>(ask);
            Assert.Equal((McpErrorCode.InvalidParams, true), (error.ErrorCode, error.Message.Contains("at most 8192 characters", StringComparison.Ordinal)));
            Assert.InRange(error.Message.Length, 1, 300);
        }
    }

    [Covers("moru://sandboxes/{sandbox_id}/metrics", "sandbox.get_metrics()")]
    [Fact]
    public async Task Metrics_can_be_read()
    {
        await SandboxAsync();

        await Eventually.TrueAsync(async () => (await JsonAsync("moru://sandboxes/session/metrics", "samples")).Count > 0, "a sample was taken");
    }

    [Covers("moru://sandboxes/{sandbox_id}", "sandbox.is_running()")]
    [Fact]
    public async Task A_paused_sandbox_is_described_and_stays_paused()
    {
        var id = (await mcp.DoAsync("create_sandbox", new() { ["timeout_seconds"] = 120 })).GetProperty("sandbox_id").GetString()!;
        try
        {
            await mcp.DoAsync("run_command", new() { ["command"] = "echo before", ["sandbox_id"] = id });
            await Eventually.TrueAsync(async () => (await TextAsync($"moru://sandboxes/{id}/logs")).Text.Contains("before", StringComparison.Ordinal), "the log has the output");
            await mcp.DoAsync("pause_sandbox", new() { ["sandbox_id"] = id });

            var error = await Assert.ThrowsAsync<McpProtocolException>(() => ReadAsync($"moru://sandboxes/{id}/files/etc/hostname"));
            Assert.Contains("is paused; any tool that uses it resumes it", error.Message, StringComparison.Ordinal);
            Assert.Contains("before", (await TextAsync($"moru://sandboxes/{id}/logs")).Text, StringComparison.Ordinal);
            Assert.Equal("paused", (await mcp.DoAsync("inspect_sandbox", new() { ["sandbox_id"] = id })).GetProperty("state").GetString());
            Assert.Contains("\"paused\"", (await TextAsync("moru://sandboxes/" + id)).Text, StringComparison.Ordinal);
        }
        finally
        {
            await mcp.DoAsync("kill_sandbox", new() { ["sandbox_id"] = id }); // paused, it would outlive everybody
        }
    }

    [Theory]
    [InlineData("moru://sandboxes/inothing0000000000000", "inothing")]
    [InlineData("moru://sandboxes/session/files/no/such/file", "no/such/file")]
    [InlineData("moru://nonsense", "no template has this form")]
    [InlineData("file:///etc/passwd", "no template has this form")]
    public async Task What_is_not_there_is_named(string uri, string expected)
    {
        await SandboxAsync();

        var error = await Assert.ThrowsAsync<McpProtocolException>(() => ReadAsync(uri));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Equal(McpErrorCode.InvalidParams, error.ErrorCode);
    }

    [Covers("moru://sandboxes/{sandbox_id}/files{+path}{?offset,length}", "files.read(format=\"stream\")")]
    [Fact]
    public async Task A_file_that_is_too_large_says_how_to_read_parts_of_it()
    {
        await mcp.RunAsync("head -c 5000000 /dev/zero | tr '\\0' x > /tmp/large");

        var error = await Assert.ThrowsAsync<McpProtocolException>(() => ReadAsync("moru://sandboxes/session/files/tmp/large"));

        Assert.Contains("?offset=0&length=4194304", error.Message, StringComparison.Ordinal);
        Assert.Equal(805_696, (await TextAsync("moru://sandboxes/session/files/tmp/large?offset=4194304")).Text.Length);
    }

    [Fact]
    public async Task Ids_and_paths_are_completed()
    {
        var id = await SandboxAsync();
        await mcp.RunAsync("mkdir -p /tmp/completed/inner; touch /tmp/completed/input.txt");
        var reference = new ResourceTemplateReference { Uri = "moru://sandboxes/{sandbox_id}/files{+path}{?offset,length}" };
        var client = await mcp.ConnectAsync();

        var ids = await client.CompleteAsync(reference, "sandbox_id", id[..2], cancellationToken: Cancelled);
        var paths = await client.CompleteAsync(reference, "path", "/tmp/completed/in", cancellationToken: Cancelled);

        Assert.Contains(id, ids.Completion.Values);
        Assert.Equal(["/tmp/completed/inner/", "/tmp/completed/input.txt"], paths.Completion.Values.Order(StringComparer.Ordinal));
        Assert.Empty((await client.CompleteAsync(reference, "path", "/no/such/", cancellationToken: Cancelled)).Completion.Values);
    }

    private async Task<string> SandboxAsync() => (await mcp.RunAsync("true")).GetProperty("sandbox_id").GetString()!;

    private async Task<ResourceContents> ReadAsync(string uri) => Assert.Single((await (await mcp.ConnectAsync()).ReadResourceAsync(uri, cancellationToken: Cancelled)).Contents);

    private async Task<TextResourceContents> TextAsync(string uri) => Assert.IsType<TextResourceContents>(await ReadAsync(uri));

    private async Task<List<JsonElement>> JsonAsync(string uri, string member) => [.. JsonElement.Parse((await TextAsync(uri)).Text).GetProperty(member).EnumerateArray()];
}
