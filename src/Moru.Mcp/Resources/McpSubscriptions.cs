using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Moru.Tools;

namespace Moru.Mcp;

/// <summary>
/// What one connection wants to hear of: in sessions, resource by resource until it unsubscribes or ends; without sessions, with one
/// request that is answered for as long as the client listens.
/// </summary>
internal sealed partial class McpSubscriptions(McpSession session, ILogger logger) : IAsyncDisposable
{
    private const int Capacity = 100;
    private const string SubscriptionId = "io.modelcontextprotocol/subscriptionId";

    private readonly ResourceChanges noticed = new(session);
    private readonly Lock guard = new();
    private readonly Dictionary<string, (CancellationTokenSource Stop, Task Running)> byUri = [];

    public async ValueTask<EmptyResult> SubscribeAsync(RequestContext<SubscribeRequestParams> request, CancellationToken cancellationToken)
    {
        var uri = request.Params?.Uri ?? "";
        lock (guard)
        {
            if (IsWatched(uri)) return new EmptyResult();
            foreach (var (ended, one) in byUri)
                if (one.Running.IsCompleted) byUri.Remove(ended);
            if (byUri.Count >= Capacity) throw new McpProtocolException($"A session may have {Capacity} subscriptions; unsubscribe from some.", McpErrorCode.InvalidParams);
        }

        var watch = await WatchAsync(uri, cancellationToken);
        if (!TryStart(request.Server, uri, watch)) await watch.DisposeAsync();
        return new EmptyResult();
    }

    public async ValueTask<EmptyResult> UnsubscribeAsync(RequestContext<UnsubscribeRequestParams> request, CancellationToken cancellationToken)
    {
        (CancellationTokenSource Stop, Task Running) ended;
        lock (guard)
        {
            if (!byUri.Remove(request.Params?.Uri ?? "", out ended)) return new EmptyResult();
        }

        await EndAsync(ended.Stop, ended.Running);
        return new EmptyResult();
    }

    /// <summary>Ends when the client stops listening.</summary>
    public async ValueTask<EmptyResult> ListenAsync(RequestContext<SubscriptionsListenRequestParams> request, CancellationToken cancellationToken)
    {
        var wanted = request.Params?.Notifications;
        var uris = (wanted?.ResourceSubscriptions ?? []).Distinct(StringComparer.Ordinal).Take(Capacity).ToList();
        var id = JsonSerializer.SerializeToNode(request.JsonRpcRequest.Id, McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(RequestId)));
        var granted = new JsonObject { ["resourceSubscriptions"] = new JsonArray([.. uris.Select(uri => JsonValue.Create(uri))]) };
        if (wanted?.ResourcesListChanged == true) granted["resourcesListChanged"] = true;

        // One place: a change that has not been told yet stands for all that follow.
        var lists = Channel.CreateBounded<string>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        void Note() => lists.Writer.TryWrite("");
        var watches = new List<(string Uri, ResourceWatch Watch)>();
        if (wanted?.ResourcesListChanged == true) session.SandboxesChanged += Note;
        try
        {
            foreach (var uri in uris) watches.Add((uri, await WatchAsync(uri, cancellationToken)));
            await SendAsync(request.Server, NotificationMethods.SubscriptionsAcknowledgedNotification, new JsonObject { ["notifications"] = granted }, id, cancellationToken);
            await Task.WhenAll([
                TellAsync(request.Server, NotificationMethods.ResourceListChangedNotification, null, lists.Reader.ReadAllAsync(cancellationToken), id),
                .. watches.Select(one => TellAsync(request.Server, NotificationMethods.ResourceUpdatedNotification, one.Uri, one.Watch.ChangesAsync(cancellationToken), id)),
            ]);
        }
        finally
        {
            session.SandboxesChanged -= Note;
            foreach (var (_, watch) in watches) await watch.DisposeAsync();
        }

        return new EmptyResult();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (stop, running) in byUri.Values) await EndAsync(stop, running);
        byUri.Clear();
    }

    /// <returns>False when another request came in between.</returns>
    private bool TryStart(McpServer server, string uri, ResourceWatch watch)
    {
        lock (guard)
        {
            if (byUri.Count >= Capacity || IsWatched(uri)) return false;
            var stop = new CancellationTokenSource();
            byUri[uri] = (stop, TellAsync(server, uri, watch, stop.Token));
            return true;
        }
    }

    // A watch ends by itself when its sandbox does; another sandbox may have the file.
    private bool IsWatched(string uri) => byUri.TryGetValue(uri, out var one) && !one.Running.IsCompleted;

    private async Task TellAsync(McpServer server, string uri, ResourceWatch watch, CancellationToken stop)
    {
        await using (watch) await TellAsync(server, NotificationMethods.ResourceUpdatedNotification, uri, watch.ChangesAsync(stop), null);
    }

    private async Task<ResourceWatch> WatchAsync(string? uri, CancellationToken cancellationToken)
    {
        var address = McpResources.Parse(uri);
        try
        {
            return await noticed.WatchAsync(address, cancellationToken);
        }
        catch (Exception error) when (error is SandboxException or ToolException)
        {
            throw ResourceReader.Missing(address, error.Message);
        }
    }

    private async Task TellAsync<T>(McpServer server, string method, string? uri, IAsyncEnumerable<T> changes, JsonNode? id)
    {
        try
        {
            await foreach (var _ in changes)
                await SendAsync(server, method, uri is null ? [] : new JsonObject { ["uri"] = uri }, id, CancellationToken.None);
        }
        catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException or IOException or InvalidOperationException or SandboxException or McpException)
        {
            Log.Ended(logger, uri ?? method, error); // unsubscribed, the client left, or the sandbox did
        }
    }

    private static Task SendAsync(McpServer server, string method, JsonObject parameters, JsonNode? id, CancellationToken cancellationToken)
    {
        if (id is not null) parameters["_meta"] = new JsonObject { [SubscriptionId] = id.DeepClone() };
        return server.SendMessageAsync(new JsonRpcNotification { Method = method, Params = parameters }, cancellationToken);
    }

    private static async Task EndAsync(CancellationTokenSource stop, Task running)
    {
        await stop.CancelAsync();
        await running;
        stop.Dispose();
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "The subscription to {Uri} ended")]
        public static partial void Ended(ILogger logger, string uri, Exception reason);
    }
}
