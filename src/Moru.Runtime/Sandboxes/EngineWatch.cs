using Microsoft.Extensions.Logging;

namespace Moru.Runtime;

/// <summary>The loop that listens to the engine, and the one that keeps records and containers in agreement.</summary>
internal sealed partial class EngineWatch(Sandboxes sandboxes, IContainerEngine engine, RuntimeStore store, RuntimeOptions options, string ownerId, TimeProvider time, ILogger log)
{
    // A safety net below the events, for what nobody told us.
    private static readonly TimeSpan Sweep = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    private readonly Alarm asked = new(time);
    private DateTimeOffset sweepAt = DateTimeOffset.MinValue;

    public async Task ListenAsync(CancellationToken cancellationToken)
    {
        await foreach (var news in engine.WatchAsync(ownerId, cancellationToken))
        {
            switch (news)
            {
                case EngineEvent.Connected:
                    if (sandboxes.EngineIsDown) Log.Back(log);
                    sandboxes.EngineIsDown = false;
                    sweepAt = DateTimeOffset.MinValue;
                    asked.Ring();
                    break;
                case EngineEvent.Disconnected:
                    if (!sandboxes.EngineIsDown) Log.Lost(log);
                    sandboxes.EngineIsDown = true;
                    break;
                case EngineEvent.Exited exited:
                    sandboxes.Exited(exited.SandboxId, exited.ExitCode);
                    break;
            }
        }
    }

    public async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await asked.WaitAsync(() => sweepAt, cancellationToken);
            await TryReconcileAsync(cancellationToken);
        }
    }

    /// <returns>False when the engine or the store did not let it.</returns>
    public async Task<bool> TryReconcileAsync(CancellationToken cancellationToken)
    {
        sweepAt = time.GetUtcNow() + Sweep;
        try
        {
            await sandboxes.ReconcileAsync(cancellationToken);
            store.Prune(time.GetUtcNow() - options.KeptHistory, options.MaxHistory);
            return true;
        }
        catch (RuntimeException failure)
        {
            Log.NotReconciled(log, failure.Message);
            // An engine that is away announces its return; anything else is tried again soon.
            if (failure.Error is RuntimeError.EngineUnavailable) sandboxes.EngineIsDown = true;
            else sweepAt = time.GetUtcNow() + RetryAfter;
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The engine does not answer; sandboxes are looked after again when it does")]
        public static partial void Lost(ILogger log);

        [LoggerMessage(Level = LogLevel.Information, Message = "The engine answers again")]
        public static partial void Back(ILogger log);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Records and containers could not be compared: {Failure}")]
        public static partial void NotReconciled(ILogger log, string failure);
    }
}
