using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Data.Sqlite;

namespace Moru.Runtime;

/// <summary>The table of sandboxes. The store holds its lock around every call.</summary>
internal sealed class SandboxRows : IDisposable
{
    private static readonly string[] Columns =
    [
        "id", "template_id", "alias", "started_at", "end_at", "state", "end_reason", "ended_at", "metadata", "env_vars", "secure",
        "allow_internet", "cpu_count", "memory_mb", "disk_mb", "pids_limit", "container_id", "host", "envd_port", "envd_digest", "node_id", "only_envd",
        "created_at", "auto_pause", "network", "team_id", "volume_id", "volume_mount_path",
    ];

    private static readonly string Selection = $"SELECT {string.Join(", ", Columns)} FROM sandboxes ";

    private readonly SqliteConnection connection;
    private readonly SqliteCommand save;

    public SandboxRows(SqliteConnection connection)
    {
        this.connection = connection;
        save = connection.CreateCommand();
        save.CommandText =
            $"INSERT OR REPLACE INTO sandboxes ({string.Join(", ", Columns)}) VALUES ({string.Join(", ", Columns.Select(c => "$" + c))})";
        foreach (var column in Columns) save.Parameters.Add(new SqliteParameter { ParameterName = "$" + column });
    }

    public int Save(SandboxRecord record)
    {
        object?[] values =
        [
            record.Id, record.TemplateId, record.Alias, RuntimeStore.Text(record.StartedAt), RuntimeStore.Text(record.EndAt), record.State.ToString(),
            record.EndReason?.ToString(), record.EndedAt is { } ended ? RuntimeStore.Text(ended) : null, Json(record.Metadata), Json(record.EnvVars),
            record.Secure, record.AllowInternet, record.Limits.CpuCount, record.Limits.MemoryMB, record.Limits.DiskSizeMB, record.Limits.PidsLimit,
            record.ContainerId, record.Address?.Host, record.Address?.EnvdPort, record.EnvdDigest, record.NodeId, record.Address?.OnlyEnvd ?? false,
            record.CreatedAt is { } created ? RuntimeStore.Text(created) : null, record.AutoPause,
            JsonSerializer.Serialize(record.Network, StoreJson.Default.NetworkRules), record.TeamId,
            record.Volume?.VolumeId, record.Volume?.Path,
        ];
        for (var i = 0; i < values.Length; i++) save.Parameters[i].Value = values[i] ?? DBNull.Value;
        return save.ExecuteNonQuery();
    }

    public IReadOnlyList<SandboxRecord> LoadLive()
    {
        using var command = connection.CreateCommand();
        command.CommandText = Selection + "WHERE state <> 'Ended'";
        return Read(command);
    }

    public SandboxRecord? Load(string id)
    {
        using var command = connection.CreateCommand();
        command.CommandText = Selection + "WHERE id = $id";
        command.Parameters.AddWithValue("$id", id);
        return Read(command).FirstOrDefault();
    }

    /// <summary>A team's sandboxes in these phases that ran at least once, ended or not: the newest first, then by id.</summary>
    public IReadOnlyList<SandboxRecord> LoadRuns(string teamId, IEnumerable<SandboxPhase> phases, RunPosition? after, int most)
    {
        using var command = connection.CreateCommand();
        command.CommandText = Selection +
            $"""
            WHERE team_id = $team AND created_at IS NOT NULL AND state IN ({string.Join(", ", phases.Select(phase => $"'{phase}'"))})
                AND ($at IS NULL OR created_at < $at OR (created_at = $at AND id > $id))
            ORDER BY created_at DESC, id LIMIT $most
            """;
        command.Parameters.AddWithValue("$team", teamId);
        command.Parameters.AddWithValue("$at", after is null ? DBNull.Value : RuntimeStore.Text(after.CreatedAt));
        command.Parameters.AddWithValue("$id", after is null ? DBNull.Value : after.Id);
        command.Parameters.AddWithValue("$most", most);
        return Read(command);
    }

    public int Prune(DateTimeOffset oldest, int most)
    {
        using var command = connection.CreateCommand();
        command.CommandText =
            """
            DELETE FROM sandboxes WHERE ended_at < $oldest;
            DELETE FROM sandboxes WHERE ended_at <=
                (SELECT ended_at FROM sandboxes WHERE ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT 1 OFFSET $most);
            """;
        command.Parameters.AddWithValue("$oldest", RuntimeStore.Text(oldest));
        command.Parameters.AddWithValue("$most", most);
        return command.ExecuteNonQuery();
    }

    public void Dispose() => save.Dispose();

    private static List<SandboxRecord> Read(SqliteCommand command)
    {
        using var reader = command.ExecuteReader();
        var records = new List<SandboxRecord>();
        while (reader.Read()) records.Add(Record(reader));
        return records;
    }

    private static SandboxRecord Record(SqliteDataReader row)
    {
        var id = row.GetString(0);
        return new SandboxRecord
        {
            Id = id,
            TemplateId = row.GetString(1),
            Alias = Text(2),
            StartedAt = Time(row.GetString(3)),
            EndAt = Time(row.GetString(4)),
            State = Enum.Parse<SandboxPhase>(row.GetString(5)),
            EndReason = Text(6) is { } reason ? Enum.Parse<EndReason>(reason) : null,
            EndedAt = Text(7) is { } ended ? Time(ended) : null,
            Metadata = Map(row.GetString(8)),
            EnvVars = Map(row.GetString(9)),
            Secure = row.GetBoolean(10),
            AllowInternet = row.GetBoolean(11),
            Limits = new SandboxLimits(row.GetInt32(12), row.GetInt32(13), row.GetInt32(14), row.GetInt32(15)),
            ContainerId = Text(16),
            Address = Text(17) is { } host ? new EngineAddress(host, row.GetInt32(18), row.GetBoolean(21)) : null,
            EnvdDigest = row.GetString(19),
            NodeId = Text(20),
            CreatedAt = Text(22) is { } created ? Time(created) : null,
            AutoPause = row.GetBoolean(23),
            Network = JsonSerializer.Deserialize(row.GetString(24), StoreJson.Default.NetworkRules) ?? NetworkRules.None,
            TeamId = row.GetString(25),
            Volume = Text(26) is { } volume ? new VolumeMount(volume, row.GetString(27)) : null,
        };

        string? Text(int column) => row.IsDBNull(column) ? null : row.GetString(column);
    }

    internal static DateTimeOffset Time(string text) =>
        DateTimeOffset.ParseExact(text, "O", CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind);

    private static string Json(IReadOnlyDictionary<string, string> map) =>
        JsonSerializer.Serialize(map, StoreJson.Default.IReadOnlyDictionaryStringString);

    private static IReadOnlyDictionary<string, string> Map(string json) =>
        JsonSerializer.Deserialize(json, StoreJson.Default.IReadOnlyDictionaryStringString) ?? new Dictionary<string, string>();
}

[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
[JsonSerializable(typeof(NetworkRules))]
[JsonSerializable(typeof(BuildResult))]
[JsonSerializable(typeof(BuildPlan))]
[JsonSerializable(typeof(BuildContext))]
[JsonSerializable(typeof(IReadOnlyList<BuildLogLine>))]
internal sealed partial class StoreJson : JsonSerializerContext;
