using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Moru.Runtime;

/// <summary>
/// What must outlive the process: a SQLite file in the data directory. One connection; every call is short and holds the lock,
/// and a write is on disk when the call returns.
/// </summary>
internal sealed partial class RuntimeStore : IDisposable
{
    public const string FileName = "moru.db";

    private readonly Lock gate = new();
    private readonly SqliteConnection connection;
    private readonly SandboxRows sandboxes;
    private readonly TemplateRows templates;
    private readonly TeamRows teams;
    private readonly VolumeRows volumes;

    private RuntimeStore(SqliteConnection connection)
    {
        this.connection = connection;
        sandboxes = new SandboxRows(connection);
        templates = new TemplateRows(connection);
        teams = new TeamRows(connection);
        volumes = new VolumeRows(connection);
    }

    /// <exception cref="RuntimeException"><see cref="RuntimeError.StoreUnusable"/>.</exception>
    public static RuntimeStore Open(string dataDirectory)
    {
        var file = Path.Combine(dataDirectory, FileName);
        DataFile.MakePrivate(file);
        // Pooling would keep the file open after Dispose.
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        try
        {
            connection.Open();
            Execute(connection, "PRAGMA journal_mode = WAL");
            Execute(connection, "PRAGMA synchronous = FULL");
            Check(connection);
            Migrations.Apply(connection);
            return new RuntimeStore(connection);
        }
        catch (Exception failure)
        {
            connection.Dispose();
            if (failure is SqliteException sqlite) throw Unusable(sqlite);
            throw;
        }
    }

    public void Save(SandboxRecord record) => Locked(() => sandboxes.Save(record));

    /// <summary>Every sandbox that has not ended.</summary>
    public IReadOnlyList<SandboxRecord> LoadLive() => Locked(sandboxes.LoadLive);

    public SandboxRecord? Load(string id) => Locked(() => sandboxes.Load(id));

    /// <inheritdoc cref="SandboxRows.LoadRuns"/>
    public IReadOnlyList<SandboxRecord> LoadRuns(string teamId, IEnumerable<SandboxPhase> phases, RunPosition? after, int most) =>
        Locked(() => sandboxes.LoadRuns(teamId, phases, after, most));

    /// <summary>Forgets sandboxes that ended before <paramref name="oldest"/>, and all but the <paramref name="most"/> that ended last.</summary>
    public void Prune(DateTimeOffset oldest, int most) => Locked(() => sandboxes.Prune(oldest, most));

    /// <summary>Reads and writes templates, all of it or nothing.</summary>
    public T Templates<T>(Func<TemplateRows, T> work) => Locked(() =>
    {
        using var transaction = connection.BeginTransaction();
        var result = work(templates);
        transaction.Commit();
        return result;
    });
    /// <inheritdoc cref="VolumeRows.Add"/>
    public bool AddVolume(VolumeRecord volume, int most) => Locked(() => volumes.Add(volume, most));

    /// <summary>Finds a team's volume by its id, or by its name.</summary>
    public VolumeRecord? FindVolume(string teamId, string? id = null, string? name = null) =>
        Locked(() => volumes.Find(teamId, id is null ? null : VolumeId.Normalize(id), name));

    /// <inheritdoc cref="VolumeRows.List"/>
    public IReadOnlyList<VolumeRecord> ListVolumes(string teamId, VolumePosition? after, int most) => Locked(() => volumes.List(teamId, after, most));

    public bool RemoveVolume(string id) => Locked(() => volumes.Remove(id));

    /// <inheritdoc cref="VolumeRows.ListIds"/>
    public IReadOnlyList<string> VolumeIds() => Locked(volumes.ListIds);

    /// <inheritdoc cref="VolumeRows.MarkChanged"/>
    public bool MarkVolumeChanged(string id) => Locked(() => volumes.MarkChanged(id));

    /// <inheritdoc cref="VolumeRows.ListChanged"/>
    public IReadOnlyList<(VolumeRecord Volume, long Changes)> ChangedVolumes() => Locked(volumes.ListChanged);

    /// <inheritdoc cref="VolumeRows.Measured"/>
    public void VolumeMeasured(VolumeRecord volume, long changes) => Locked(() => volumes.Measured(volume, changes));

    /// <summary>A setting; made by <paramref name="create"/> the first time.</summary>
    public byte[] Setting(string name, Func<byte[]> create) => Locked(() =>
    {
        using var read = Command("SELECT value FROM settings WHERE name = $name", ("$name", name));
        if (read.ExecuteScalar() is byte[] value) return value;

        value = create();
        using var write = Command("INSERT INTO settings (name, value) VALUES ($name, $value)", ("$name", name), ("$value", value));
        write.ExecuteNonQuery();
        return value;
    });

    /// <summary>Times as text of one width, so that they sort as text and can be read in a database shell.</summary>
    internal static string Text(DateTimeOffset time) => time.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture);

    public void Dispose()
    {
        lock (gate)
        {
            sandboxes.Dispose();
            connection.Dispose();
        }
    }

    private T Locked<T>(Func<T> work)
    {
        lock (gate)
        {
            try
            {
                return work();
            }
            catch (SqliteException failure)
            {
                throw Unusable(failure);
            }
        }
    }

    private SqliteCommand Command(string text, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = text;
        foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value);
        return command;
    }

    private static void Check(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA quick_check(1)";
        if (command.ExecuteScalar() is not "ok") throw Damaged(null);
    }

    private static void Execute(SqliteConnection connection, string text)
    {
        using var command = connection.CreateCommand();
        command.CommandText = text;
        command.ExecuteNonQuery();
    }

    private static RuntimeException Unusable(SqliteException failure) => failure.SqliteErrorCode switch
    {
        SqliteCorrupt or SqliteNotADatabase => Damaged(failure),
        SqliteFull => new(RuntimeError.StoreUnusable, "The disk of the data directory is full; make room and try again.", failure),
        _ => new(RuntimeError.StoreUnusable, $"The store '{FileName}' cannot be used (SQLite error {failure.SqliteErrorCode}).", failure),
    };

    private static RuntimeException Damaged(SqliteException? failure) => new(
        RuntimeError.StoreUnusable,
        $"The store '{FileName}' in the data directory is damaged; put back a copy of it, or move it away to start empty.",
        failure);

    private const int SqliteCorrupt = 11;
    private const int SqliteFull = 13;
    private const int SqliteNotADatabase = 26;
}
