using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Moru.Mcp.Tests;

/// <summary>What subscribers hear of, in both protocol eras, over HTTP.</summary>
public sealed class ResourceSubscriptions(McpHttpFixture fixture) : IClassFixture<McpHttpFixture>
{
    private const string Log = "moru://sandboxes/session/files/tmp/log.txt";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Covers("moru://sandboxes/{sandbox_id}/files{+path}{?offset,length}", "watch handle.events()")]
    [Fact]
    public async Task A_session_hears_of_a_file_that_grows_until_it_unsubscribes()
    {
        await using var client = await fixture.Server.ConnectAsync("2025-11-25", session: "era1");
        await RunAsync(client, "echo start > /tmp/log.txt");
        var heard = 0;
        await using (await client.SubscribeToResourceAsync(Log, (_, _) => Count(ref heard), cancellationToken: Cancelled))
        {
            await RunAsync(client, "echo more >> /tmp/log.txt");
            await Eventually.TrueAsync(() => heard > 0, "the growth is told");
        }

        var before = heard;
        await RunAsync(client, "echo more >> /tmp/log.txt");
        await client.ReadResourceAsync(Log, cancellationToken: Cancelled);
        Assert.Equal(before, heard);
    }

    [Covers("moru://sandboxes/{sandbox_id}/commands/{pid}{?cursor}", "commands.run(on_stdout, on_stderr)")]
    [Fact]
    public async Task A_session_hears_of_output_that_grows_and_of_its_end()
    {
        await using var client = await fixture.Server.ConnectAsync("2025-11-25", session: "era1output");
        var started = await client.CallToolAsync("run_command", new Dictionary<string, object?> { ["command"] = "read line; echo got $line; read line", ["wait_seconds"] = 0 }, cancellationToken: Cancelled);
        var pid = started.StructuredContent!.Value.GetProperty("pid").GetInt32();
        var heard = 0;
        await using var subscription = await client.SubscribeToResourceAsync($"moru://sandboxes/session/commands/{pid}", (_, _) => Count(ref heard), cancellationToken: Cancelled);

        await client.CallToolAsync("send_input", new Dictionary<string, object?> { ["pid"] = pid, ["text"] = "one\n" }, cancellationToken: Cancelled);
        await Eventually.TrueAsync(() => heard > 0, "the growth is told");
        var grown = heard;
        await client.CallToolAsync("send_input", new Dictionary<string, object?> { ["pid"] = pid, ["text"] = "two\n" }, cancellationToken: Cancelled);
        await Eventually.TrueAsync(() => heard > grown, "the end is told");
    }

    [Fact]
    public async Task A_session_hears_of_what_a_terminal_shows_and_a_log_says()
    {
        await using var client = await fixture.Server.ConnectAsync("2025-11-25", session: "era1looks");
        var opened = await client.CallToolAsync("open_terminal", cancellationToken: Cancelled);
        var pid = opened.StructuredContent!.Value.GetProperty("pid").GetInt32();
        var (seen, said) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var screen = await client.SubscribeToResourceAsync($"moru://sandboxes/session/screens/{pid}", (_, _) => Hear(seen), cancellationToken: Cancelled);
        await using var log = await client.SubscribeToResourceAsync("moru://sandboxes/session/logs", (_, _) => Hear(said), cancellationToken: Cancelled);

        await client.CallToolAsync("use_terminal", new Dictionary<string, object?> { ["pid"] = pid, ["text"] = "echo shown\n" }, cancellationToken: Cancelled);
        await RunAsync(client, "echo said");

        await Task.WhenAll(seen.Task, said.Task).WaitAsync(Eventually.Limit, Cancelled);
    }

    [Fact]
    public async Task A_session_hears_of_a_new_sandbox_in_the_list()
    {
        await using var client = await fixture.Server.ConnectAsync("2025-11-25", session: "era1list");
        var heard = new TaskCompletionSource();
        await using var registration = client.RegisterNotificationHandler(NotificationMethods.ResourceListChangedNotification, (_, _) => Hear(heard));

        await RunAsync(client, "true");

        await heard.Task.WaitAsync(Eventually.Limit, Cancelled);
    }

    [Fact]
    public async Task A_listener_is_told_what_it_will_hear_and_hears_it_with_its_id()
    {
        await using var client = await fixture.Server.ConnectAsync("2026-07-28", session: "era2");
        await RunAsync(client, "echo start > /tmp/log.txt");
        var heard = new ConcurrentQueue<JsonRpcNotification>();
        await using var registrations = new Registrations(client, heard);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var request = new JsonRpcRequest
        {
            Id = new RequestId("listening"),
            Method = RequestMethods.SubscriptionsListen,
            Params = new JsonObject { ["notifications"] = new JsonObject { ["resourcesListChanged"] = true, ["promptsListChanged"] = true, ["resourceSubscriptions"] = new JsonArray(Log) } },
        };
        var listening = client.SendRequestAsync(request, patience.Token);

        await Eventually.TrueAsync(() => !heard.IsEmpty, "the subscription is acknowledged");
        Assert.Equal((NotificationMethods.SubscriptionsAcknowledgedNotification, true), (heard.First().Method, heard.First().Params!["notifications"]!["promptsListChanged"] is null));
        await RunAsync(client, "echo more >> /tmp/log.txt");
        await Eventually.TrueAsync(() => heard.Any(one => one.Method == NotificationMethods.ResourceUpdatedNotification), "the growth is told");
        await client.CallToolAsync("kill_sandbox", cancellationToken: Cancelled);
        await Eventually.TrueAsync(() => heard.Any(one => one.Method == NotificationMethods.ResourceListChangedNotification), "the shorter list is told");

        Assert.All(heard, one => Assert.Equal("listening", one.Params!["_meta"]!["io.modelcontextprotocol/subscriptionId"]!.GetValue<string>()));
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => listening);
    }

    [Fact]
    public async Task A_URI_that_is_too_long_is_refused()
    {
        await using var client = await fixture.Server.ConnectAsync("2025-11-25", session: "era1long");

        var error = await Assert.ThrowsAsync<McpProtocolException>(() => client.SubscribeToResourceAsync("moru://sandboxes/" + new string('x', 8 << 10), (_, _) => default, cancellationToken: Cancelled));

        Assert.Contains("at most 8192 characters", error.Message, StringComparison.Ordinal);
    }

    private static ValueTask Hear(TaskCompletionSource heard)
    {
        heard.TrySetResult();
        return default;
    }

    private static ValueTask Count(ref int heard)
    {
        Interlocked.Increment(ref heard);
        return default;
    }

    private static async Task RunAsync(McpClient client, string command) =>
        Assert.False((await client.CallToolAsync("run_command", new Dictionary<string, object?> { ["command"] = command }, cancellationToken: Cancelled)).IsError);

    private sealed class Registrations(McpClient client, ConcurrentQueue<JsonRpcNotification> heard) : IAsyncDisposable
    {
        private readonly List<IAsyncDisposable> all =
        [
            .. ((string[])[NotificationMethods.SubscriptionsAcknowledgedNotification, NotificationMethods.ResourceUpdatedNotification, NotificationMethods.ResourceListChangedNotification])
                .Select(method => client.RegisterNotificationHandler(method, (one, _) =>
                {
                    heard.Enqueue(one);
                    return default;
                })),
        ];

        public async ValueTask DisposeAsync()
        {
            foreach (var one in all) await one.DisposeAsync();
        }
    }
}
