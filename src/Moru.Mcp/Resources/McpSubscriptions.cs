using System.Text.Json;
using System.Text.Json.Nodes;
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
    private (CancellationTokenSource Stop, Task Running)? list;

    /// <summary>Tells the client of an HTTP session, until that ends, when calls of other connections have changed the list of sandboxes.</summary>
    public void TellOfSandboxes(McpServer server)
    {
        var stop = new CancellationTokenSource();
        list = (stop, TellAsync(server, MethodOf(null), null, noticed.WatchList(server.SessionId), null, stop.Token));
    }

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

        var watches = new List<(string? Uri, ResourceWatch Watch)>();
        try
        {
            if (wanted?.ResourcesListChanged == true) watches.Add((null, noticed.WatchList(null)));
            foreach (var uri in uris) watches.Add((uri, await WatchAsync(uri, cancellationToken)));
            await SendAsync(request.Server, NotificationMethods.SubscriptionsAcknowledgedNotification, new JsonObject { ["notifications"] = granted }, id, cancellationToken);
            var telling = watches.Select(one => TellAsync(request.Server, MethodOf(one.Uri), one.Uri, one.Watch, id, cancellationToken)).ToList();
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Task.WhenAll(telling);
        }
        finally
        {
            foreach (var (_, watch) in watches) await watch.DisposeAsync();
        }

        return new EmptyResult();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (stop, running) in byUri.Values) await EndAsync(stop, running);
        if (list is var (ended, telling)) await EndAsync(ended, telling);
        byUri.Clear();
    }

    /// <returns>False when another request came in between.</returns>
    private bool TryStart(McpServer server, string uri, ResourceWatch watch)
    {
        lock (guard)
        {
            if (byUri.Count >= Capacity || IsWatched(uri)) return false;
            var stop = new CancellationTokenSource();
            byUri[uri] = (stop, TellAsync(server, MethodOf(uri), uri, watch, null, stop.Token));
            return true;
        }
    }

    // A watch ends by itself when its sandbox does; another sandbox may have the file.
    private bool IsWatched(string uri) => byUri.TryGetValue(uri, out var one) && !one.Running.IsCompleted;

    private async Task<ResourceWatch> WatchAsync(string? uri, CancellationToken cancellationToken)
    {
        var address = McpResources.Parse(uri);
        if (!session.Watches.TryTake("", 1)) throw new McpProtocolException("All connections of this session together have too many subscriptions; end some.", McpErrorCode.InvalidParams);
        try
        {
            var watch = await noticed.WatchAsync(address, cancellationToken);
            return new ResourceWatch(watch.ChangesAsync, async () =>
            {
                session.Watches.Give("", 1);
                await watch.DisposeAsync();
            });
        }
        catch (Exception error)
        {
            session.Watches.Give("", 1);
            if (error is SandboxException or ToolException) throw ResourceReader.Missing(address, error.Message);
            throw;
        }
    }

    private async Task TellAsync(McpServer server, string method, string? uri, ResourceWatch watch, JsonNode? id, CancellationToken stop)
    {
        await using var _ = watch;
        try
        {
            await foreach (var change in watch.ChangesAsync(stop))
                if (!await McpNotice.TrySendAsync(SendAsync(server, method, uri is null ? [] : new JsonObject { ["uri"] = uri }, id, CancellationToken.None))) break;
        }
        catch (Exception error) when (error is OperationCanceledException or SandboxException or McpException)
        {
            Log.Ended(logger, uri ?? method, error); // unsubscribed, or the sandbox has ended
        }
    }

    private static string MethodOf(string? uri) => uri is null ? NotificationMethods.ResourceListChangedNotification : NotificationMethods.ResourceUpdatedNotification;

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
