using Microsoft.Data.Sqlite;

namespace Moru.Runtime;

/// <summary>
/// The table of volumes. The store holds its lock around every call. A row's <c>changes</c> is not 0 while its content may differ
/// from what was last counted, which a crash must not forget.
/// </summary>
internal sealed class VolumeRows(SqliteConnection connection)
{
    private const string Selection = "SELECT id, team_id, name, created_at, updated_at, total_bytes, total_files, changes FROM volumes ";

    /// <summary>Adds a volume.</summary>
    /// <returns>False when the team has one of this name, or there are <paramref name="most"/> already.</returns>
    public bool Add(VolumeRecord volume, int most)
    {
        using var command = Command(
            """
            INSERT OR IGNORE INTO volumes (id, team_id, name, created_at, updated_at)
            SELECT $id, $team, $name, $created, $updated WHERE (SELECT count(*) FROM volumes) < $most
            """,
            ("$id", volume.Id), ("$team", volume.TeamId), ("$name", volume.Name), ("$created", RuntimeStore.Text(volume.CreatedAt)),
            ("$updated", RuntimeStore.Text(volume.UpdatedAt)), ("$most", most));
        return command.ExecuteNonQuery() == 1;
    }

    public VolumeRecord? Find(string teamId, string? id, string? name)
    {
        using var command = Command(
            Selection + "WHERE team_id = $team AND (id = $id OR name = $name)",
            ("$team", teamId), ("$id", id ?? (object)DBNull.Value), ("$name", name ?? (object)DBNull.Value));
        return Read(command).Select(row => row.Volume).FirstOrDefault();
    }

    /// <summary>A team's volumes, the newest first, then by id.</summary>
    public IReadOnlyList<VolumeRecord> List(string teamId, VolumePosition? after, int most)
    {
        using var command = Command(
            Selection +
            """
            WHERE team_id = $team AND ($at IS NULL OR created_at < $at OR (created_at = $at AND id > $id)) ORDER BY created_at DESC, id LIMIT $most
            """,
            ("$team", teamId), ("$at", after is null ? DBNull.Value : RuntimeStore.Text(after.CreatedAt)), ("$id", after is null ? DBNull.Value : after.Id), ("$most", most));
        return [.. Read(command).Select(row => row.Volume)];
    }

    /// <summary>Ids of all volumes of all teams.</summary>
    public IReadOnlyList<string> ListIds()
    {
        using var command = Command(Selection);
        return [.. Read(command).Select(row => row.Volume.Id)];
    }

    public bool Remove(string id)
    {
        using var command = Command("DELETE FROM volumes WHERE id = $id", ("$id", id));
        return command.ExecuteNonQuery() == 1;
    }

    /// <summary>Remembers that a volume has to be counted.</summary>
    /// <returns>False when there is none.</returns>
    public bool MarkChanged(string id)
    {
        using var command = Command("UPDATE volumes SET changes = changes + 1 WHERE id = $id", ("$id", id));
        return command.ExecuteNonQuery() == 1;
    }

    /// <summary>Volumes that have to be counted.</summary>
    public IReadOnlyList<(VolumeRecord Volume, long Changes)> ListChanged()
    {
        using var command = Command(Selection + "WHERE changes <> 0");
        return Read(command);
    }

    /// <summary>Saves what was counted. The volume counts as changed still when it was marked since <paramref name="changes"/> was read.</summary>
    public int Measured(VolumeRecord volume, long changes)
    {
        using var command = Command(
            """
            UPDATE volumes SET total_bytes = $bytes, total_files = $files, updated_at = $updated,
                changes = CASE changes WHEN $changes THEN 0 ELSE changes END
            WHERE id = $id
            """,
            ("$bytes", volume.TotalBytes), ("$files", volume.TotalFiles), ("$updated", RuntimeStore.Text(volume.UpdatedAt)), ("$changes", changes), ("$id", volume.Id));
        return command.ExecuteNonQuery();
    }

    private static List<(VolumeRecord Volume, long Changes)> Read(SqliteCommand command)
    {
        using var row = command.ExecuteReader();
        var volumes = new List<(VolumeRecord, long)>();
        while (row.Read())
        {
            var volume = new VolumeRecord
            {
                Id = row.GetString(0),
                TeamId = row.GetString(1),
                Name = row.GetString(2),
                CreatedAt = SandboxRows.Time(row.GetString(3)),
                UpdatedAt = SandboxRows.Time(row.GetString(4)),
                TotalBytes = row.GetInt64(5),
                TotalFiles = row.GetInt64(6),
            };
            volumes.Add((volume, row.GetInt64(7)));
        }

        return volumes;
    }

    private SqliteCommand Command(string text, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = text;
        foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value);
        return command;
    }
}
