using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Moru.Runtime;

/// <summary>The loop that ends or pauses sandboxes past their deadline, ends the condemned, and repeats removals and pauses that failed.</summary>
internal sealed partial class Reaper(Sandboxes sandboxes, TimeProvider time, ILogger log)
{
    private readonly ConcurrentDictionary<string, Task> jobs = new(StringComparer.Ordinal);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var now = time.GetUtcNow();
                foreach (var sandbox in Idle().Where(sandbox => DueAt(sandbox) <= now)) Begin(sandbox, cancellationToken);
                await sandboxes.Changed.WaitAsync(NextDue, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await Task.WhenAll(jobs.Values);
        }
    }

    private static DateTimeOffset DueAt(LiveSandbox sandbox) => sandbox.Record.State switch
    {
        SandboxPhase.Killing => sandbox.RetryAt,
        var state when state.IsVisible() && sandbox.Sentence is not null => DateTimeOffset.MinValue,
        SandboxPhase.Pausing => sandbox.RetryAt,
        SandboxPhase.Running => sandbox.Record.EndAt,
        _ => DateTimeOffset.MaxValue,
    };

    private IEnumerable<LiveSandbox> Idle() => sandboxes.Live.Where(sandbox => !jobs.ContainsKey(sandbox.Id));

    private DateTimeOffset NextDue() => Idle().Select(DueAt).DefaultIfEmpty(DateTimeOffset.MaxValue).Min();

    /// <summary>One job for each sandbox at most, so that a slow removal does not hold up the others.</summary>
    private void Begin(LiveSandbox sandbox, CancellationToken cancellationToken)
    {
        // Not before it is in the table, from which it takes itself out.
        var begin = new TaskCompletionSource();
        jobs[sandbox.Id] = EndAsync();
        begin.SetResult();

        async Task EndAsync()
        {
            await begin.Task;
            try
            {
                await sandboxes.ReapAsync(sandbox, cancellationToken);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                sandbox.RetryLater(time.GetUtcNow());
                Log.Failed(log, sandbox.Id, failure);
            }
            catch (OperationCanceledException)
            {
                // Closing; the store remembers what is left to do.
            }

            jobs.TryRemove(sandbox.Id, out _);
            sandboxes.Changed.Ring();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Sandbox {SandboxId} could not be ended or paused; it will be tried again")]
        public static partial void Failed(ILogger log, string sandboxId, Exception failure);
    }
}
