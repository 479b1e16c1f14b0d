using System.Text.RegularExpressions;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Moru.Mcp.Tests;

/// <summary>How long subscriptions go on, what they hold, and who is told.</summary>
public sealed class SubscriptionLifetimes(McpHttpFixture fixture) : IClassFixture<McpHttpFixture>
{
    private const string Protocol = "2025-11-25";

    private readonly McpHttp server = fixture.Server;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files_and_output_are_told_of_after_a_pause_and_what_is_paused_stays_so()
    {
        await using var client = await server.ConnectAsync(Protocol, session: "pausing");
        var id = Text(await DoAsync(client, "create_sandbox"), "sandbox_id");
        var pid = (await DoAsync(client, "run_command", ("command", "while read line; do echo $line; done"), ("wait_seconds", 0), ("sandbox_id", id))).GetProperty("pid").GetInt32();
        var heard = new Dictionary<string, Counter>
        {
            [$"moru://sandboxes/{id}/files/tmp/log.txt"] = new(),
            [$"moru://sandboxes/{id}/commands/{pid}"] = new(),
            [$"moru://sandboxes/{id}/commands"] = new(),
        };
        foreach (var (uri, counter) in heard) await client.SubscribeToResourceAsync(uri, (_, _) => counter.Add(), cancellationToken: Cancelled);

        await DoAsync(client, "pause_sandbox", ("sandbox_id", id));
        var state = $"moru://sandboxes/{id}";
        var looked = new Counter();
        await using (await client.SubscribeToResourceAsync("moru://history", (_, _) => looked.Add(), cancellationToken: Cancelled))
        {
            // By then everything that looks again has done so.
            await DoAsync(client, "create_sandbox");
            await Eventually.TrueAsync(() => looked.Count > 0, "another subscription has looked again");
        }

        Assert.Contains("\"paused\"", ((TextResourceContents)(await client.ReadResourceAsync(state, cancellationToken: Cancelled)).Contents[0]).Text, StringComparison.Ordinal);
        await DoAsync(client, "run_command", ("command", "true"), ("sandbox_id", id)); // resumes
        foreach (var (uri, counter) in heard.Where(one => !one.Key.EndsWith("/commands", StringComparison.Ordinal)))
            await Eventually.TrueAsync(() => counter.Count > 0, $"{uri} is looked at again");
        var before = heard.ToDictionary(one => one.Key, one => one.Value.Count);
        await DoAsync(client, "run_command", ("command", "echo more >> /tmp/log.txt"), ("sandbox_id", id));
        await DoAsync(client, "send_input", ("pid", pid), ("text", "one\n"), ("sandbox_id", id));

        foreach (var (uri, counter) in heard) await Eventually.TrueAsync(() => counter.Count > before[uri], $"{uri} is told of");
        await DoAsync(client, "kill_sandbox", ("sandbox_id", id));
    }

    [Theory]
    [InlineData("/files/tmp/log.txt")]
    [InlineData("/commands")]
    [InlineData("")]
    public async Task The_end_of_a_sandbox_is_the_last_that_is_told(string resource)
    {
        await using var client = await server.ConnectAsync(Protocol, session: "ending");
        var id = Text(await DoAsync(client, "create_sandbox"), "sandbox_id");
        var heard = new Counter();
        var uri = $"moru://sandboxes/{id}{resource}";
        await client.SubscribeToResourceAsync(uri, (_, _) => heard.Add(), cancellationToken: Cancelled);

        await DoAsync(client, "kill_sandbox", ("sandbox_id", id));

        await Eventually.TrueAsync(() => heard.Count > 0, "the end is told");
        await Eventually.TrueAsync(() => IsRefusedAsync(client, uri), "there is nothing to subscribe to any more");
        Assert.Equal(1, heard.Count);
    }

    [Fact]
    public async Task Watchers_in_the_sandbox_are_few_and_end_with_their_subscription_or_session()
    {
        await using var other = await server.ConnectAsync(Protocol, session: "counting");
        var id = Text(await DoAsync(other, "run_command", ("command", "mkdir /tmp/{1..101}")), "sandbox_id");
        Assert.Equal(0, await WatchersAsync(id));

        await using (var client = await server.ConnectAsync(Protocol, session: "counting"))
        {
            var all = new List<IAsyncDisposable>();
            for (var i = 1; i <= 100; i++) all.Add(await SubscribeAsync(client, i));
            var error = await Assert.ThrowsAsync<McpProtocolException>(() => SubscribeAsync(client, 101));
            Assert.Contains("100 subscriptions; unsubscribe from some", error.Message, StringComparison.Ordinal);
            Assert.Equal(100, await WatchersAsync(id));

            await all[0].DisposeAsync();
            await Eventually.TrueAsync(async () => await WatchersAsync(id) == 99, "the watcher has ended");
            await SubscribeAsync(client, 101);
        }

        await Eventually.TrueAsync(async () => await WatchersAsync(id) == 0, "all watchers have ended");
    }

    [Fact]
    public async Task All_listeners_of_a_session_together_have_a_bound()
    {
        await using var client = await server.ConnectAsync(Protocol, session: "listening");
        await DoAsync(client, "create_sandbox");
        await DoAsync(client, "run_command", ("command", "true"));
        var listening = new List<HttpResponseMessage>();
        for (var i = 0; i < 10; i++) listening.Add(await ListenAsync(100));

        Assert.Contains("together have too many subscriptions", await HeadAsync(await ListenAsync(1)), StringComparison.Ordinal);
        foreach (var one in listening) one.Dispose();
        await Eventually.TrueAsync(async () => (await HeadAsync(await ListenAsync(1))).Contains("acknowledged", StringComparison.Ordinal), "there is room again");
    }

    [Fact]
    public async Task A_changed_list_is_told_to_all_sessions_of_its_key_and_to_no_other()
    {
        await using var one = await server.ConnectAsync(Protocol, session: "one");
        await using var two = await server.ConnectAsync(Protocol, session: "two");
        await using var sse = await server.ConnectAsync("2024-11-05", sse: true);
        await using var stranger = await server.ConnectAsync(Protocol, key: await fixture.NewKeyAsync());
        var heard = new Dictionary<McpClient, Counter> { [one] = new(), [two] = new(), [sse] = new(), [stranger] = new() };
        foreach (var (client, counter) in heard) client.RegisterNotificationHandler(NotificationMethods.ResourceListChangedNotification, (_, _) => counter.Add());

        foreach (var client in (McpClient[])[two, sse])
            await Eventually.TrueAsync(
                async () =>
                {
                    await one.CallToolAsync("kill_sandbox", new Dictionary<string, object?> { ["sandbox_id"] = "inothing0000000000000" }, cancellationToken: Cancelled);
                    return heard[client].Count > 0;
                },
                "the stream of the other session is open, and it hears");

        Assert.True(heard[one].Count > 0);
        Assert.Equal(0, heard[stranger].Count);
        await stranger.CallToolAsync("kill_sandbox", new Dictionary<string, object?> { ["sandbox_id"] = "inothing0000000000000" }, cancellationToken: Cancelled);
        await Eventually.TrueAsync(() => heard[stranger].Count > 0, "its own call is told");
        Assert.Equal(1, heard[stranger].Count);
    }

    private Task<HttpResponseMessage> ListenAsync(int resources)
    {
        var uris = string.Join(',', Enumerable.Range(0, resources).Select(i => $"\"moru://sandboxes/session/logs?start=2026-01-01T00:{i / 60:00}:{i % 60:00}Z\""));
        var body = """{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{"resourceSubscriptions":[URIS]},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}""";
        return server.SendAsync(
            HttpMethod.Post, "/mcp", body.Replace("URIS", uris, StringComparison.Ordinal), ("X-API-Key", server.Key), ("Moru-Session", "listening"), ("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "subscriptions/listen"));
    }

    /// <summary>What comes first of an answer, which may go on.</summary>
    private static async Task<string> HeadAsync(HttpResponseMessage answer)
    {
        using var _ = answer;
        var buffer = new byte[4096];
        await using var stream = await answer.Content.ReadAsStreamAsync(Cancelled);
        return System.Text.Encoding.UTF8.GetString(buffer, 0, await stream.ReadAsync(buffer, Cancelled));
    }

    private static async Task<bool> IsRefusedAsync(McpClient client, string uri)
    {
        try
        {
            await client.SubscribeToResourceAsync(uri, (_, _) => default, cancellationToken: Cancelled);
            return false;
        }
        catch (McpProtocolException)
        {
            return true;
        }
    }

    private static Task<IAsyncDisposable> SubscribeAsync(McpClient client, int folder) =>
        client.SubscribeToResourceAsync($"moru://sandboxes/session/files/tmp/{folder}", (_, _) => default, cancellationToken: Cancelled);

    /// <summary>How many directories the agent watches, as the kernel tells the machine's root.</summary>
    private static async Task<int> WatchersAsync(string id)
    {
        var pid = await Shell.RunAsync("docker", "inspect", "--format", "{{.State.Pid}}", $"moru-{id}");
        return Regex.Count(await Shell.RunAsync("sh", "-c", $"cat /proc/{pid.Trim()}/fdinfo/*"), "inotify wd:");
    }

    private static string Text(System.Text.Json.JsonElement result, string name) => result.GetProperty(name).GetString()!;

    private static async Task<System.Text.Json.JsonElement> DoAsync(McpClient client, string tool, params (string Name, object Value)[] arguments)
    {
        var result = await client.CallToolAsync(tool, arguments.ToDictionary(one => one.Name, one => (object?)one.Value), cancellationToken: Cancelled);
        Assert.False(result.IsError, McpProcess.Text(result));
        return result.StructuredContent!.Value;
    }

    private sealed class Counter
    {
        private int count;

        public int Count => Volatile.Read(ref count);

        public ValueTask Add()
        {
            Interlocked.Increment(ref count);
            return default;
        }
    }
}
