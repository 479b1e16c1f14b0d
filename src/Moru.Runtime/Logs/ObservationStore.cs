using Microsoft.Data.Sqlite;

namespace Moru.Runtime;

/// <summary>
/// Logs and metrics of sandboxes: a SQLite file of its own, so that no change of a sandbox waits for a batch of log entries. It may lose
/// the last moment before a power failure, and a damaged file is put aside: no sandbox depends on it.
/// </summary>
internal sealed class ObservationStore : IDisposable
{
    public const string FileName = "observations.db";

    private const int SqliteCorrupt = 11;
    private const int SqliteNotADatabase = 26;

    private readonly Lock gate = new();
    private readonly SqliteConnection connection;
    private readonly LogRows logs;
    private readonly MetricRows metrics;

    private ObservationStore(SqliteConnection connection)
    {
        this.connection = connection;
        logs = new LogRows(connection);
        metrics = new MetricRows(connection);
    }

    /// <exception cref="RuntimeException"><see cref="RuntimeError.StoreUnusable"/>.</exception>
    public static ObservationStore Open(string dataDirectory)
    {
        var path = Path.Combine(dataDirectory, FileName);
        try
        {
            return OpenFile(path);
        }
        catch (SqliteException failure) when (failure.SqliteErrorCode is SqliteCorrupt or SqliteNotADatabase)
        {
            File.Move(path, path + ".damaged", overwrite: true);
            foreach (var rest in new[] { "-wal", "-shm" }) File.Delete(path + rest);
            return OpenFile(path);
        }
        catch (SqliteException failure)
        {
            throw new RuntimeException(RuntimeError.StoreUnusable, $"The store '{FileName}' cannot be used (SQLite error {failure.SqliteErrorCode}).", failure);
        }
    }

    /// <summary>Writes a batch as a whole.</summary>
    /// <exception cref="SqliteException">The disk is full or failed.</exception>
    public void Write(IReadOnlyList<Observation> batch)
    {
        lock (gate)
        {
            Execute("BEGIN IMMEDIATE");
            try
            {
                foreach (var observation in batch)
                {
                    if (observation.Line is { } line) logs.Add(observation.SandboxId, line);
                    if (observation.Sample is { } sample) metrics.Add(observation.SandboxId, sample);
                }

                Execute("COMMIT");
            }
            catch
            {
                Execute("ROLLBACK");
                throw;
            }
        }
    }

    /// <summary>Forgets what is too old or too much.</summary>
    public void Prune(DateTimeOffset now)
    {
        lock (gate) logs.Prune(now);
        lock (gate) metrics.Prune(now);
    }

    public IReadOnlyList<LogLine> ReadLogs(string sandboxId, LogQuery query)
    {
        lock (gate) return logs.Read(sandboxId, query);
    }

    /// <summary>Number of the newest entry of a sandbox's log; 0: none.</summary>
    public long LastSequence(string sandboxId)
    {
        lock (gate) return logs.LastSequence(sandboxId);
    }

    public IReadOnlyList<MetricSample> ReadMetrics(string sandboxId, DateTimeOffset? start, DateTimeOffset? end)
    {
        lock (gate) return metrics.Read(sandboxId, start, end);
    }

    public MetricSample? LatestMetrics(string sandboxId)
    {
        lock (gate) return metrics.Latest(sandboxId);
    }

    public void Dispose()
    {
        lock (gate)
        {
            logs.Dispose();
            metrics.Dispose();
            connection.Dispose();
        }
    }

    private void Execute(string text)
    {
        using var command = connection.CreateCommand();
        command.CommandText = text;
        command.ExecuteNonQuery();
    }

    private static ObservationStore OpenFile(string path)
    {
        DataFile.MakePrivate(path);
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            connection.Open();
            using var setUp = connection.CreateCommand();
            setUp.CommandText = $"PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; {LogRows.Schema} {MetricRows.Schema}";
            setUp.ExecuteNonQuery();
            return new ObservationStore(connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}

/// <summary>Something to be written: an entry of a log, or a sample.</summary>
internal readonly record struct Observation(string SandboxId, LogLine? Line = null, MetricSample? Sample = null, TaskCompletionSource? Written = null);
