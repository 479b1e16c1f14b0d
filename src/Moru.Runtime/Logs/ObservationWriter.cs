using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Moru.Runtime;

/// <summary>The one who writes logs and metrics, a batch at a time. While it is behind, those who bring more wait, and in the end envd drops the oldest.</summary>
internal sealed partial class ObservationWriter(ObservationStore store, TimeProvider time, ILogger log)
{
    private const int QueueLength = 256;

    // What is read in this time becomes one transaction.
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan PruneEvery = TimeSpan.FromMinutes(1);

    private readonly Channel<Observation> queue = Channel.CreateBounded<Observation>(QueueLength);

    public ValueTask AddAsync(Observation observation, CancellationToken cancellationToken) => queue.Writer.WriteAsync(observation, cancellationToken);

    /// <summary>Returns when everything that was added before is written.</summary>
    public async Task WrittenAsync(CancellationToken cancellationToken)
    {
        var written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await AddAsync(new Observation("", Written: written), cancellationToken);
        await written.Task.WaitAsync(cancellationToken);
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var prunedAt = DateTimeOffset.MinValue;
        var batch = new List<Observation>(QueueLength);
        while (true)
        {
            await queue.Reader.WaitToReadAsync(cancellationToken);
            while (batch.Count < QueueLength && queue.Reader.TryRead(out var next)) batch.Add(next);
            Write(batch);
            if (time.GetUtcNow() is var now && now - prunedAt >= PruneEvery)
            {
                prunedAt = now;
                Try(() => store.Prune(now));
            }

            var isUrgent = batch.Exists(observation => observation.Written is not null);
            batch.Clear();
            if (!isUrgent) await Task.Delay(Pace, cancellationToken);
        }
    }

    private void Write(List<Observation> batch)
    {
        Try(() => store.Write(batch));
        foreach (var observation in batch) observation.Written?.TrySetResult();
    }

    /// <summary>A full disk costs entries; it must not cost more.</summary>
    private void Try(Action work)
    {
        try
        {
            work();
        }
        catch (SqliteException failure)
        {
            Log.NotWritten(log, failure.SqliteErrorCode);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Logs and metrics of sandboxes could not be written (SQLite error {Code})")]
        public static partial void NotWritten(ILogger log, int code);
    }
}
