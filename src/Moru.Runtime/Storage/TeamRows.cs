using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Moru.Runtime;

/// <summary>The tables of teams, their credentials and their metrics. The store holds its lock around every call.</summary>
internal sealed class TeamRows(SqliteConnection connection)
{
    public IReadOnlyList<Team> LoadTeams()
    {
        using var command = Command("SELECT id, name, created_at, is_blocked FROM teams ORDER BY rowid");
        using var row = command.ExecuteReader();
        var teams = new List<Team>();
        while (row.Read())
            teams.Add(new Team { Id = row.GetString(0), Name = row.GetString(1), CreatedAt = Time(row.GetString(2)), IsBlocked = row.GetBoolean(3) });
        return teams;
    }

    public int Save(Team team)
    {
        using var command = Command(
            """
            INSERT INTO teams (id, name, created_at, is_blocked) VALUES ($id, $name, $created, $blocked)
            ON CONFLICT (id) DO UPDATE SET name = $name, is_blocked = $blocked
            """,
            ("$id", team.Id), ("$name", team.Name), ("$created", RuntimeStore.Text(team.CreatedAt)), ("$blocked", team.IsBlocked));
        return command.ExecuteNonQuery();
    }

    public IReadOnlyList<Credential> LoadCredentials()
    {
        using var command = Command(
            "SELECT id, kind, team_id, name, hash, length, first_digits, last_digits, created_at, last_used_at, parent_id FROM credentials");
        using var row = command.ExecuteReader();
        var credentials = new List<Credential>();
        while (row.Read())
        {
            credentials.Add(new Credential
            {
                Id = row.GetString(0), Kind = Enum.Parse<CredentialKind>(row.GetString(1)), TeamId = row.GetString(2), Name = row.GetString(3),
                Hash = row.GetString(4), Length = row.GetInt32(5), Start = row.GetString(6), End = row.GetString(7), CreatedAt = Time(row.GetString(8)),
                LastUsedAt = row.IsDBNull(9) ? null : Time(row.GetString(9)), ParentId = row.IsDBNull(10) ? null : row.GetString(10),
            });
        }

        return credentials;
    }

    public int Save(Credential credential)
    {
        using var command = Command(
            """
            INSERT OR REPLACE INTO credentials (id, kind, team_id, name, hash, length, first_digits, last_digits, created_at, last_used_at, parent_id)
            VALUES ($id, $kind, $team, $name, $hash, $length, $start, $end, $created, $used, $parent)
            """,
            ("$id", credential.Id), ("$kind", credential.Kind.ToString()), ("$team", credential.TeamId), ("$name", credential.Name),
            ("$hash", credential.Hash), ("$length", credential.Length), ("$start", credential.Start), ("$end", credential.End),
            ("$created", RuntimeStore.Text(credential.CreatedAt)), ("$used", credential.LastUsedAt is { } used ? RuntimeStore.Text(used) : null),
            ("$parent", credential.ParentId));
        return command.ExecuteNonQuery();
    }

    public int DeleteCredential(string id)
    {
        using var command = Command("DELETE FROM credentials WHERE id = $id OR parent_id = $id", ("$id", id));
        return command.ExecuteNonQuery();
    }

    /// <summary>Adds samples and forgets those before <paramref name="oldest"/>.</summary>
    public int Add(IReadOnlyList<TeamSample> samples, DateTimeOffset oldest)
    {
        using var transaction = connection.BeginTransaction();
        foreach (var sample in samples)
        {
            using var insert = Command(
                "INSERT OR REPLACE INTO team_metrics (team_id, at, concurrent, start_rate) VALUES ($team, $at, $concurrent, $rate)",
                ("$team", sample.TeamId), ("$at", sample.At.ToUnixTimeSeconds()), ("$concurrent", sample.ConcurrentSandboxes), ("$rate", sample.StartRate));
            insert.ExecuteNonQuery();
        }

        using var prune = Command("DELETE FROM team_metrics WHERE at < $oldest", ("$oldest", oldest.ToUnixTimeSeconds()));
        var removed = prune.ExecuteNonQuery();
        transaction.Commit();
        return removed;
    }

    /// <summary>One sample for each step that has any: the most sandboxes and the highest rate in it.</summary>
    public IReadOnlyList<TeamSample> LoadSamples(string teamId, DateTimeOffset start, DateTimeOffset end, TimeSpan step)
    {
        using var command = Command(
            """
            SELECT min(at), max(concurrent), max(start_rate) FROM team_metrics
            WHERE team_id = $team AND at BETWEEN $start AND $end GROUP BY at / $step ORDER BY 1
            """,
            ("$team", teamId), ("$start", start.ToUnixTimeSeconds()), ("$end", end.ToUnixTimeSeconds()), ("$step", (long)step.TotalSeconds));
        using var row = command.ExecuteReader();
        var samples = new List<TeamSample>();
        while (row.Read()) samples.Add(new TeamSample(teamId, DateTimeOffset.FromUnixTimeSeconds(row.GetInt64(0)), row.GetInt32(1), row.GetDouble(2)));
        return samples;
    }

    private static DateTimeOffset Time(string text) => DateTimeOffset.ParseExact(text, "O", CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind);

    private SqliteCommand Command(string text, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = text;
        foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        return command;
    }
}
