using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace Moru.Runtime;

/// <summary>The loop that sees to it that each running sandbox has an <see cref="Observer"/>, and a paused one none.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore holds nothing to release: no wait handle.")]
internal sealed partial class Observers(Sandboxes sandboxes, SandboxStart agents, ObservationStore store, ObservationWriter writer, TimeProvider time, ILogger log)
{
    private const int SamplesAtATime = 16;

    // What the last entries of a sandbox are worth to whoever kills it.
    private static readonly TimeSpan LastWords = TimeSpan.FromMilliseconds(250);

    private readonly SemaphoreSlim turns = new(SamplesAtATime);
    private readonly ConcurrentDictionary<string, Observer> observers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Task, bool> tasks = new();

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                foreach (var sandbox in sandboxes.Live) Observe(sandbox, cancellationToken);
                await sandboxes.Began.WaitAsync(() => DateTimeOffset.MaxValue, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await Task.WhenAll(tasks.Keys);
        }
    }

    /// <summary>Keeps the last entries of a running sandbox that is about to be removed, if they come soon.</summary>
    public async Task FinishAsync(LiveSandbox sandbox)
    {
        if (!observers.TryGetValue(sandbox.Id, out var observer) || observer.Traffic.IsCancellationRequested) return;
        using var bound = new CancellationTokenSource(LastWords);
        try
        {
            await observer.FinishAsync(bound.Token);
        }
        catch (Exception failure)
        {
            // Whatever it was: the sandbox has to go.
            Log.Lost(log, sandbox.Id, failure.Message);
        }
    }

    private void Observe(LiveSandbox sandbox, CancellationToken cancellationToken)
    {
        var traffic = sandbox.Traffic;
        if (sandbox.Record is not { State: SandboxPhase.Running, Address: not null } || traffic.IsCancellationRequested) return;
        if (observers.TryGetValue(sandbox.Id, out var known) && known.Traffic == traffic) return;

        var observer = new Observer(sandbox, agents, store, writer, turns, time, traffic);
        observers[sandbox.Id] = observer;
        var task = observer.Begin(cancellationToken);
        tasks[task] = true;
        task.ContinueWith(
            ended =>
            {
                tasks.TryRemove(ended, out _);
                observers.TryRemove(KeyValuePair.Create(sandbox.Id, observer));
                if (ended.Exception is { } failure) Log.Failed(log, sandbox.Id, failure.GetBaseException());
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "The last log entries of sandbox {SandboxId} did not come in time ({Failure})")]
        public static partial void Lost(ILogger log, string sandboxId, string failure);

        [LoggerMessage(Level = LogLevel.Error, Message = "Sandbox {SandboxId} is not observed any more")]
        public static partial void Failed(ILogger log, string sandboxId, Exception failure);
    }
}
