using Microsoft.AspNetCore.Http;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>The calls of <c>filesystem.Filesystem</c> that watch directories: one stream, or a watcher to be polled.</summary>
internal sealed class WatchRpc(Watchers watchers, Settings settings, TimeProvider time)
{
    public async Task WatchAsync(HttpContext context, WatchDirRequest request, MessageStream<WatchDirResponse> stream)
    {
        var keepalive = CallTimes.Keepalive(context.Request.Headers);
        var limit = CallTimes.Limit(context.Request.Headers);
        using var deadline = new CancellationTokenSource(limit ?? Timeout.InfiniteTimeSpan, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stream.Aborted, deadline.Token);
        var watcher = watchers.Open(CallPath.Of(context, request.Path, settings).Path, request.Recursive);
        try
        {
            await stream.WriteAsync(new WatchDirResponse { Start = new WatchStarted() });
            await SendAsync(watcher, keepalive, stream, end.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !stream.Aborted.IsCancellationRequested)
        {
            throw new ConnectException(ConnectCode.DeadlineExceeded, $"the watch reached its limit of {limit?.TotalMilliseconds:0} ms");
        }
        finally
        {
            watchers.Close(watcher);
        }
    }

    public CreateWatcherResponse Create(HttpContext context, CreateWatcherRequest request) =>
        new(watchers.Create(CallPath.Of(context, request.Path, settings).Path, request.Recursive));

    public GetWatcherEventsResponse Events(GetWatcherEventsRequest request) => new(watchers.Poll(request.WatcherId));

    public Empty Remove(RemoveWatcherRequest request)
    {
        watchers.Delete(request.WatcherId);
        return new Empty();
    }

    // A client that reads slowly fills the watcher, which is bounded, and learns so at the end of its stream.
    private async Task SendAsync(Watcher watcher, TimeSpan keepalive, MessageStream<WatchDirResponse> stream, CancellationToken cancellationToken)
    {
        while (true)
        {
            foreach (var item in watcher.Take())
            {
                cancellationToken.ThrowIfCancellationRequested();
                await stream.WriteAsync(new WatchDirResponse { Filesystem = item });
            }

            try
            {
                await watcher.Changed.WaitAsync(keepalive, time, cancellationToken);
            }
            catch (TimeoutException)
            {
                await stream.WriteAsync(new WatchDirResponse { Keepalive = new Keepalive() });
            }
        }
    }
}
