using Microsoft.AspNetCore.Http;

namespace Moru.Server;

/// <summary>Lets calls of the API that run come to their end when the server stops, and refuses new ones. Streams of sandboxes are not waited for.</summary>
internal sealed class Drain
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly TaskCompletionSource idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool stopping;
    private int running;

    public bool IsStopping => stopping;

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        // Counted before the question, so that no call slips in behind the wait.
        Interlocked.Increment(ref running);
        try
        {
            if (stopping && context.GetEndpoint()?.Metadata.GetMetadata<Authentication.Demand>() is null or { Accepted: not Accepted.None })
            {
                await ApiErrors.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "the server is stopping; try again");
                return;
            }

            await next(context);
        }
        finally
        {
            if (Interlocked.Decrement(ref running) == 0 && stopping) idle.TrySetResult();
        }
    }

    /// <summary>Returns when no call runs any more, or has been waited for long enough.</summary>
    public async Task StopAsync()
    {
        stopping = true;
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref running) == 0) return;
        await idle.Task.WaitAsync(Patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
