using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace Moru.Runtime;

/// <summary>The tables of templates and their builds. The store holds its lock, and a transaction, around every call.</summary>
internal sealed partial class TemplateRows(SqliteConnection connection)
{
    private const string TemplateColumns = "id, team_id, alias, public, created_at, updated_at, build_id, build_count, spawn_count, last_spawned_at";
    private const string BuildColumns = "id, template_id, status, cpu_count, memory_mb, created_at, updated_at, finished_at, reason, step, result";

    public int Save(TemplateRecord template) => Run(
        """
        INSERT INTO templates (id, team_id, alias, public, created_at, updated_at, build_id, build_count)
        VALUES ($id, $team, $alias, $public, $created, $updated, $build, $count)
        ON CONFLICT (id) DO UPDATE SET alias = $alias, public = $public, updated_at = $updated, build_id = $build, build_count = $count
        """,
        ("$id", template.Id), ("$team", template.TeamId), ("$alias", template.Alias), ("$public", template.Public ? 1 : 0),
        ("$created", RuntimeStore.Text(template.CreatedAt)), ("$updated", RuntimeStore.Text(template.UpdatedAt)), ("$build", template.BuildId), ("$count", template.BuildCount));

    public int CountSpawn(string id, DateTimeOffset now) => Run(
        "UPDATE templates SET spawn_count = spawn_count + 1, last_spawned_at = $now WHERE id = $id", ("$id", id), ("$now", RuntimeStore.Text(now)));

    /// <summary>An id comes before an alias.</summary>
    public TemplateRecord? Find(string idOrAlias) => Read(
        $"SELECT {TemplateColumns} FROM templates WHERE id = $name OR alias = $name ORDER BY id = $name DESC", Template, ("$name", idOrAlias)).FirstOrDefault();

    public IReadOnlyList<TemplateRecord> ListTemplates() => Read($"SELECT {TemplateColumns} FROM templates ORDER BY created_at, rowid", Template);

    /// <summary>Builds with an image stay until somebody has removed it.</summary>
    public int Delete(string id) =>
        Run("DELETE FROM template_builds WHERE template_id = $id AND result IS NULL; DELETE FROM templates WHERE id = $id", ("$id", id));

    /// <summary>The image of a build is gone; of a template that is gone, nothing is left to tell.</summary>
    public int ForgetImage(string buildId) => Run(
        """
        UPDATE template_builds SET result = NULL WHERE id = $id;
        DELETE FROM template_builds WHERE id = $id AND NOT EXISTS (SELECT 1 FROM templates WHERE id = template_builds.template_id);
        """,
        ("$id", buildId));

    public int Save(BuildRecord build) => Run(
        $"""
        INSERT INTO template_builds ({BuildColumns})
        VALUES ($id, $template, $status, $cpu, $memory, $created, $updated, $finished, $reason, $step, $result)
        ON CONFLICT (id) DO UPDATE SET status = $status, updated_at = $updated, finished_at = $finished, reason = $reason, step = $step, result = $result
        """,
        ("$id", build.Id), ("$template", build.TemplateId), ("$status", build.Status.ToString()), ("$cpu", build.CpuCount), ("$memory", build.MemoryMB),
        ("$created", RuntimeStore.Text(build.CreatedAt)), ("$updated", RuntimeStore.Text(build.UpdatedAt)),
        ("$finished", build.FinishedAt is { } finished ? RuntimeStore.Text(finished) : null), ("$reason", build.Reason), ("$step", build.Step),
        ("$result", build.Result is { } result ? JsonSerializer.Serialize(result, StoreJson.Default.BuildResult) : null));

    /// <summary>Keeps what a build is to do until it is started.</summary>
    public int SavePlan(string buildId, BuildPlan plan) => Run(
        "UPDATE template_builds SET plan = $plan WHERE id = $id", ("$id", buildId), ("$plan", JsonSerializer.Serialize(plan, StoreJson.Default.BuildPlan)));

    public BuildPlan? Plan(string buildId) => Read("SELECT plan FROM template_builds WHERE id = $id", row => Text(row, 0), ("$id", buildId)).FirstOrDefault() is { } json
        ? JsonSerializer.Deserialize(json, StoreJson.Default.BuildPlan)
        : null;

    public BuildRecord? FindBuild(string id) => Read($"SELECT {BuildColumns} FROM template_builds WHERE id = $id", Build, ("$id", id)).FirstOrDefault();

    public BuildRecord? LatestBuild(string templateId) => ListBuilds(templateId, null, 1) is [var latest, ..] ? latest : null;

    /// <summary>The newest first, then by id.</summary>
    public IReadOnlyList<BuildRecord> ListBuilds(string templateId, RunPosition? after, int most) => Read(
        $"""
        SELECT {BuildColumns} FROM template_builds WHERE template_id = $template AND ($at IS NULL OR created_at < $at OR (created_at = $at AND id > $id))
        ORDER BY created_at DESC, id LIMIT $most
        """,
        Build, ("$template", templateId), ("$at", after is null ? null : RuntimeStore.Text(after.CreatedAt)), ("$id", after?.Id), ("$most", most));

    /// <summary>Builds that have neither failed nor succeeded.</summary>
    public IReadOnlyList<BuildRecord> UnfinishedBuilds() =>
        Read($"SELECT {BuildColumns} FROM template_builds WHERE status IN ('{BuildStatus.Waiting}', '{BuildStatus.Building}')", Build);

    /// <summary>Builds whose image no sandbox is made from any more.</summary>
    public IReadOnlyList<BuildRecord> SupersededBuilds() => Read(
        $"SELECT {BuildColumns} FROM template_builds AS b WHERE result IS NOT NULL AND NOT EXISTS (SELECT 1 FROM templates AS t WHERE t.build_id = b.id)", Build);

    /// <summary>Forgets all but the newest builds of a template, except those that an image depends on.</summary>
    public int PruneBuilds(string templateId, int most) => Run(
        """
        DELETE FROM template_builds WHERE template_id = $template AND result IS NULL AND status = 'Error'
            AND id NOT IN (SELECT id FROM template_builds WHERE template_id = $template ORDER BY created_at DESC, id LIMIT $most)
        """,
        ("$template", templateId), ("$most", most));

    public int SaveLogs(string buildId, IReadOnlyList<BuildLogLine> lines) => Run(
        "UPDATE template_builds SET logs = $logs WHERE id = $id",
        ("$id", buildId), ("$logs", JsonSerializer.Serialize(lines, StoreJson.Default.IReadOnlyListBuildLogLine)));

    public IReadOnlyList<BuildLogLine> Logs(string buildId) =>
        Read("SELECT logs FROM template_builds WHERE id = $id", row => row.GetString(0), ("$id", buildId)).FirstOrDefault() is { } json
            ? JsonSerializer.Deserialize(json, StoreJson.Default.IReadOnlyListBuildLogLine) ?? []
            : [];

    private static TemplateRecord Template(SqliteDataReader row) => new()
    {
        Id = row.GetString(0),
        TeamId = Text(row, 1),
        Alias = Text(row, 2),
        Public = row.GetBoolean(3),
        CreatedAt = Time(row.GetString(4)),
        UpdatedAt = Time(row.GetString(5)),
        BuildId = Text(row, 6),
        BuildCount = row.GetInt32(7),
        SpawnCount = row.GetInt64(8),
        LastSpawnedAt = Text(row, 9) is { } spawned ? Time(spawned) : null,
    };

    private static BuildRecord Build(SqliteDataReader row) => new()
    {
        Id = row.GetString(0),
        TemplateId = row.GetString(1),
        Status = Enum.Parse<BuildStatus>(row.GetString(2)),
        CpuCount = row.GetInt32(3),
        MemoryMB = row.GetInt32(4),
        CreatedAt = Time(row.GetString(5)),
        UpdatedAt = Time(row.GetString(6)),
        FinishedAt = Text(row, 7) is { } finished ? Time(finished) : null,
        Reason = Text(row, 8),
        Step = Text(row, 9),
        Result = Text(row, 10) is { } result ? JsonSerializer.Deserialize(result, StoreJson.Default.BuildResult) : null,
    };

    private static string? Text(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static DateTimeOffset Time(string text) => DateTimeOffset.ParseExact(text, "O", CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind);

    private int Run(string text, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var command = Command(text, parameters);
        return command.ExecuteNonQuery();
    }

    private List<T> Read<T>(string text, Func<SqliteDataReader, T> row, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var command = Command(text, parameters);
        using var reader = command.ExecuteReader();
        var all = new List<T>();
        while (reader.Read()) all.Add(row(reader));
        return all;
    }

    private SqliteCommand Command(string text, ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = text;
        foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        return command;
    }
}
