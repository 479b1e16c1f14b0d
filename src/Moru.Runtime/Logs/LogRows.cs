using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace Moru.Runtime;

/// <summary>
/// The table of log entries, bounded three ways: 7 days, 16 MiB for each sandbox, 512 MiB for all. The oldest go first. The store
/// holds its lock around every call.
/// </summary>
internal sealed class LogRows : IDisposable
{
    public const string Schema =
        """
        CREATE TABLE IF NOT EXISTS logs (
            id INTEGER PRIMARY KEY,
            sandbox_id TEXT NOT NULL,
            sequence INTEGER NOT NULL,
            at INTEGER NOT NULL,
            size INTEGER NOT NULL,
            event TEXT NOT NULL,
            fields TEXT NOT NULL,
            message TEXT NOT NULL) STRICT;
        CREATE UNIQUE INDEX IF NOT EXISTS logs_sequence ON logs (sandbox_id, sequence);
        CREATE INDEX IF NOT EXISTS logs_at ON logs (sandbox_id, at, sequence);
        """;

    internal const long MostOfOne = 16 << 20, MostOfAll = 512 << 20;

    private const int RowOverhead = 200;

    private static readonly TimeSpan Kept = TimeSpan.FromDays(7);

    private readonly SqliteConnection connection;
    private readonly SqliteCommand add;
    private Dictionary<string, long>? sizes;

    public LogRows(SqliteConnection connection)
    {
        this.connection = connection;
        add = connection.CreateCommand();
        add.CommandText =
            "INSERT OR IGNORE INTO logs (sandbox_id, sequence, at, size, event, fields, message) VALUES ($sandbox, $sequence, $at, $size, $event, $fields, $message)";
        foreach (var name in new[] { "$sandbox", "$sequence", "$at", "$size", "$event", "$fields", "$message" })
            add.Parameters.Add(new SqliteParameter { ParameterName = name });
    }

    public void Add(string sandboxId, LogLine line)
    {
        var fields = JsonSerializer.Serialize(line.Fields, StoreJson.Default.IReadOnlyDictionaryStringString);
        var size = RowOverhead + fields.Length + Encoding.UTF8.GetByteCount(line.Message);
        object[] values = [sandboxId, line.Sequence, line.Timestamp.ToUnixTimeMilliseconds(), size, line.EventType, fields, line.Message];
        for (var i = 0; i < values.Length; i++) add.Parameters[i].Value = values[i];
        if (add.ExecuteNonQuery() > 0 && sizes is not null) sizes[sandboxId] = sizes.GetValueOrDefault(sandboxId) + size;
    }

    public void Prune(DateTimeOffset now)
    {
        sizes ??= Sizes();
        while (Oldest(1) is [var oldest] && oldest.At < (now - Kept).ToUnixTimeMilliseconds()) Delete(Oldest(500).Where(row => row.At < (now - Kept).ToUnixTimeMilliseconds()));
        foreach (var (sandbox, size) in sizes.Where(pair => pair.Value > MostOfOne).ToList()) DeleteUntil(size - MostOfOne, () => Oldest(500, sandbox));
        DeleteUntil(sizes.Values.Sum() - MostOfAll, () => Oldest(500));
        using var shrink = Command("PRAGMA incremental_vacuum(256)");
        shrink.ExecuteNonQuery();
    }

    public IReadOnlyList<LogLine> Read(string sandboxId, LogQuery query)
    {
        using var command = Command(
            $"""
            SELECT sequence, at, event, message, fields FROM logs
            WHERE sandbox_id = $sandbox AND at {(query.Backward ? "<=" : ">=")} $cursor AND ($stream IS NULL OR event NOT IN ('stdout', 'stderr') OR event = $stream)
            ORDER BY at {(query.Backward ? "DESC" : "")}, sequence {(query.Backward ? "DESC" : "")} LIMIT $limit
            """,
            ("$sandbox", sandboxId), ("$cursor", query.Cursor?.ToUnixTimeMilliseconds() ?? (query.Backward ? long.MaxValue : long.MinValue)),
            ("$stream", query.Stream), ("$limit", query.Limit));
        using var reader = command.ExecuteReader();
        var lines = new List<LogLine>();
        while (reader.Read())
        {
            var fields = JsonSerializer.Deserialize(reader.GetString(4), StoreJson.Default.IReadOnlyDictionaryStringString) ?? new Dictionary<string, string>();
            lines.Add(new LogLine(reader.GetInt64(0), DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(1)), reader.GetString(2), reader.GetString(3), fields));
        }

        if (query.Backward) lines.Reverse();
        return lines;
    }

    public long LastSequence(string sandboxId)
    {
        using var command = Command("SELECT max(sequence) FROM logs WHERE sandbox_id = $sandbox", ("$sandbox", sandboxId));
        return command.ExecuteScalar() as long? ?? 0;
    }

    public void Dispose() => add.Dispose();

    private void DeleteUntil(long excess, Func<IReadOnlyList<Row>> oldest)
    {
        while (excess > 0)
        {
            var doomed = new List<Row>();
            foreach (var row in oldest())
            {
                if (excess <= 0) break;
                doomed.Add(row);
                excess -= row.Size;
            }

            if (doomed.Count == 0) return;
            Delete(doomed);
        }
    }

    private void Delete(IEnumerable<Row> rows)
    {
        using var transaction = connection.BeginTransaction();
        using var delete = Command("DELETE FROM logs WHERE id = $id", ("$id", 0L));
        foreach (var row in rows)
        {
            delete.Parameters[0].Value = row.Id;
            delete.ExecuteNonQuery();
            if ((sizes![row.SandboxId] -= row.Size) <= 0) sizes.Remove(row.SandboxId);
        }

        transaction.Commit();
    }

    private List<Row> Oldest(int most, string? sandboxId = null)
    {
        using var command = sandboxId is null
            ? Command("SELECT id, sandbox_id, at, size FROM logs ORDER BY id LIMIT $most", ("$most", most))
            : Command("SELECT id, sandbox_id, at, size FROM logs WHERE sandbox_id = $sandbox ORDER BY sequence LIMIT $most", ("$most", most), ("$sandbox", sandboxId));
        using var reader = command.ExecuteReader();
        var rows = new List<Row>();
        while (reader.Read()) rows.Add(new Row(reader.GetInt64(0), reader.GetString(1), reader.GetInt64(2), reader.GetInt64(3)));
        return rows;
    }

    private Dictionary<string, long> Sizes()
    {
        using var command = Command("SELECT sandbox_id, sum(size) FROM logs GROUP BY sandbox_id");
        using var reader = command.ExecuteReader();
        var found = new Dictionary<string, long>(StringComparer.Ordinal);
        while (reader.Read()) found[reader.GetString(0)] = reader.GetInt64(1);
        return found;
    }

    private SqliteCommand Command(string text, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = text;
        foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        return command;
    }

    private sealed record Row(long Id, string SandboxId, long At, long Size);
}
