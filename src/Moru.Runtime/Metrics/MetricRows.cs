using Microsoft.Data.Sqlite;

namespace Moru.Runtime;

/// <summary>
/// The table of samples: every one for an hour, one a minute for a day, one a quarter of an hour for 7 days; a million at most, the oldest
/// go first. The store holds its lock around every call.
/// </summary>
internal sealed class MetricRows : IDisposable
{
    public const string Schema =
        """
        CREATE TABLE IF NOT EXISTS metrics (
            sandbox_id TEXT NOT NULL,
            at INTEGER NOT NULL,
            cpu_count INTEGER NOT NULL,
            cpu_used REAL NOT NULL,
            memory_used INTEGER NOT NULL,
            memory_total INTEGER NOT NULL,
            disk_used INTEGER NOT NULL,
            disk_total INTEGER NOT NULL,
            PRIMARY KEY (sandbox_id, at)) STRICT, WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS metrics_at ON metrics (at);
        """;

    /// <summary>An answer holds fewer samples than this.</summary>
    internal const int MostOfAnswer = 1000;

    private const int MostOfAll = 1_000_000;
    private const string Columns = "at, cpu_count, cpu_used, memory_used, memory_total, disk_used, disk_total";

    private static readonly TimeSpan Kept = TimeSpan.FromDays(7);

    // After that time one sample of each such stretch is left.
    private static readonly (TimeSpan Age, long StepMs)[] Thinning = [(TimeSpan.FromHours(1), 60_000), (TimeSpan.FromDays(1), 900_000)];
    private static readonly long[] StepsMs = [5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000];

    private readonly SqliteConnection connection;
    private readonly SqliteCommand add;
    private readonly long[] thinnedTo = new long[Thinning.Length];

    public MetricRows(SqliteConnection connection)
    {
        this.connection = connection;
        add = Command(
            $"INSERT OR REPLACE INTO metrics (sandbox_id, {Columns}) VALUES ($sandbox, $at, $count, $cpu, $used, $total, $disk, $size)",
            ("$sandbox", ""), ("$at", 0L), ("$count", 0), ("$cpu", 0d), ("$used", 0L), ("$total", 0L), ("$disk", 0L), ("$size", 0L));
    }

    public void Add(string sandboxId, MetricSample sample)
    {
        object[] values =
        [
            sandboxId, sample.Timestamp.ToUnixTimeMilliseconds(), sample.CpuCount, sample.CpuUsedPercent, sample.MemoryUsedBytes, sample.MemoryTotalBytes,
            sample.DiskUsedBytes, sample.DiskTotalBytes,
        ];
        for (var i = 0; i < values.Length; i++) add.Parameters[i].Value = values[i];
        add.ExecuteNonQuery();
    }

    /// <summary>Samples from start to end, thinned evenly when there are too many; null: the first and the last.</summary>
    public IReadOnlyList<MetricSample> Read(string sandboxId, DateTimeOffset? start, DateTimeOffset? end)
    {
        var (from, to) = (start?.ToUnixTimeMilliseconds() ?? Bound(sandboxId, "min"), end?.ToUnixTimeMilliseconds() ?? Bound(sandboxId, "max"));
        from = Math.Max(from, Bound(sandboxId, "min"));
        to = Math.Min(to, Bound(sandboxId, "max"));
        var step = StepsMs.FirstOrDefault(step => (to - from) / step < MostOfAnswer - 1, StepsMs[^1]);
        using var command = Command(
            $"""
            SELECT {Columns}, max(at) FROM metrics WHERE sandbox_id = $sandbox AND at BETWEEN $from AND $to
            GROUP BY (at - $from) / $step ORDER BY at LIMIT $most
            """,
            ("$sandbox", sandboxId), ("$from", from), ("$to", to), ("$step", step), ("$most", MostOfAnswer - 1));
        return Samples(command);
    }

    public MetricSample? Latest(string sandboxId)
    {
        using var command = Command($"SELECT {Columns} FROM metrics WHERE sandbox_id = $sandbox ORDER BY at DESC LIMIT 1", ("$sandbox", sandboxId));
        return Samples(command).FirstOrDefault();
    }

    public void Prune(DateTimeOffset now)
    {
        Run("DELETE FROM metrics WHERE at < $at", ("$at", (now - Kept).ToUnixTimeMilliseconds()));
        for (var i = 0; i < Thinning.Length; i++)
        {
            var (age, step) = Thinning[i];
            var to = (now - age).ToUnixTimeMilliseconds() / step * step;
            Run(
                """
                DELETE FROM metrics WHERE at >= $from AND at < $to AND EXISTS (
                    SELECT 1 FROM metrics other WHERE other.sandbox_id = metrics.sandbox_id
                        AND other.at > metrics.at AND other.at < metrics.at - metrics.at % $step + $step)
                """,
                ("$from", thinnedTo[i]), ("$to", to), ("$step", step));
            thinnedTo[i] = to;
        }

        Run("DELETE FROM metrics WHERE at < (SELECT at FROM metrics ORDER BY at DESC LIMIT 1 OFFSET $most)", ("$most", MostOfAll));
    }

    public void Dispose() => add.Dispose();

    private long Bound(string sandboxId, string function)
    {
        using var command = Command($"SELECT {function}(at) FROM metrics WHERE sandbox_id = $sandbox", ("$sandbox", sandboxId));
        return command.ExecuteScalar() as long? ?? 0;
    }

    private static List<MetricSample> Samples(SqliteCommand command)
    {
        using var row = command.ExecuteReader();
        var samples = new List<MetricSample>();
        while (row.Read())
        {
            samples.Add(new MetricSample(
                DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(0)), row.GetInt32(1), row.GetDouble(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6)));
        }

        return samples;
    }

    private void Run(string text, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using var command = Command(text, parameters);
        command.ExecuteNonQuery();
    }

    private SqliteCommand Command(string text, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = text;
        foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value);
        return command;
    }
}
