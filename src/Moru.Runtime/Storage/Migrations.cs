using Microsoft.Data.Sqlite;

namespace Moru.Runtime;

/// <summary>Brings the store to the newest form, one step per version. Steps are only ever added.</summary>
internal static class Migrations
{
    private static readonly string[] Steps =
    [
        """
        CREATE TABLE settings (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
        CREATE TABLE api_keys (hash TEXT PRIMARY KEY, created_at TEXT NOT NULL) STRICT;
        CREATE TABLE sandboxes (
            id TEXT PRIMARY KEY,
            template_id TEXT NOT NULL,
            alias TEXT,
            started_at TEXT NOT NULL,
            end_at TEXT NOT NULL,
            state TEXT NOT NULL,
            end_reason TEXT,
            ended_at TEXT,
            metadata TEXT NOT NULL,
            env_vars TEXT NOT NULL,
            secure INTEGER NOT NULL,
            allow_internet INTEGER NOT NULL,
            cpu_count INTEGER NOT NULL,
            memory_mb INTEGER NOT NULL,
            disk_mb INTEGER NOT NULL,
            pids_limit INTEGER NOT NULL,
            container_id TEXT,
            host TEXT,
            envd_port INTEGER,
            envd_digest TEXT NOT NULL,
            node_id TEXT) STRICT;
        CREATE INDEX sandboxes_ended_at ON sandboxes (ended_at);
        """,
        "ALTER TABLE sandboxes ADD COLUMN only_envd INTEGER NOT NULL DEFAULT 0;",
        """
        ALTER TABLE sandboxes ADD COLUMN created_at TEXT;
        ALTER TABLE sandboxes ADD COLUMN auto_pause INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE sandboxes ADD COLUMN network TEXT NOT NULL DEFAULT '{}';
        UPDATE sandboxes SET created_at = started_at WHERE container_id IS NOT NULL;
        CREATE INDEX sandboxes_created_at ON sandboxes (created_at DESC, id);
        """,
        // Whatever there was belongs to the first team.
        $"""
        CREATE TABLE teams (id TEXT PRIMARY KEY, name TEXT NOT NULL, created_at TEXT NOT NULL, is_blocked INTEGER NOT NULL DEFAULT 0) STRICT;
        INSERT INTO teams (id, name, created_at) VALUES ({NewUuid}, 'default', strftime('%Y-%m-%dT%H:%M:%f0000+00:00', 'now'));
        CREATE TABLE credentials (
            id TEXT PRIMARY KEY,
            kind TEXT NOT NULL,
            team_id TEXT NOT NULL REFERENCES teams,
            name TEXT NOT NULL,
            hash TEXT NOT NULL UNIQUE,
            length INTEGER NOT NULL,
            first_digits TEXT NOT NULL,
            last_digits TEXT NOT NULL,
            created_at TEXT NOT NULL,
            last_used_at TEXT,
            parent_id TEXT) STRICT;
        INSERT INTO credentials (id, kind, team_id, name, hash, length, first_digits, last_digits, created_at)
            SELECT {NewUuid}, 'ApiKey', (SELECT id FROM teams), 'key of this machine', hash, 40, '', '', created_at FROM api_keys;
        DROP TABLE api_keys;
        ALTER TABLE sandboxes ADD COLUMN team_id TEXT NOT NULL DEFAULT '';
        UPDATE sandboxes SET team_id = (SELECT id FROM teams);
        CREATE INDEX sandboxes_team ON sandboxes (team_id, created_at DESC, id);
        CREATE TABLE team_metrics (
            team_id TEXT NOT NULL, at INTEGER NOT NULL, concurrent INTEGER NOT NULL, start_rate REAL NOT NULL, PRIMARY KEY (team_id, at)) STRICT, WITHOUT ROWID;
        """,
        """
        CREATE TABLE volumes (
            id TEXT PRIMARY KEY,
            team_id TEXT NOT NULL,
            name TEXT NOT NULL,
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL,
            total_bytes INTEGER NOT NULL DEFAULT 0,
            total_files INTEGER NOT NULL DEFAULT 0,
            changes INTEGER NOT NULL DEFAULT 0,
            UNIQUE (team_id, name)) STRICT;
        CREATE INDEX volumes_created_at ON volumes (created_at DESC, id);
        ALTER TABLE sandboxes ADD COLUMN volume_id TEXT;
        ALTER TABLE sandboxes ADD COLUMN volume_mount_path TEXT;
        """,
        """
        CREATE TABLE templates (
            id TEXT PRIMARY KEY,
            team_id TEXT,
            alias TEXT UNIQUE,
            public INTEGER NOT NULL,
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL,
            build_id TEXT,
            build_count INTEGER NOT NULL DEFAULT 0,
            spawn_count INTEGER NOT NULL DEFAULT 0,
            last_spawned_at TEXT) STRICT;
        CREATE TABLE template_builds (
            id TEXT PRIMARY KEY,
            template_id TEXT NOT NULL,
            status TEXT NOT NULL,
            cpu_count INTEGER NOT NULL,
            memory_mb INTEGER NOT NULL,
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL,
            finished_at TEXT,
            reason TEXT,
            step TEXT,
            result TEXT,
            logs TEXT NOT NULL DEFAULT '[]') STRICT;
        CREATE INDEX template_builds_of ON template_builds (template_id, created_at DESC, id);
        CREATE TABLE template_layers (
            team_id TEXT NOT NULL, key TEXT NOT NULL, image TEXT NOT NULL, context TEXT NOT NULL, used_at TEXT NOT NULL, PRIMARY KEY (team_id, key)) STRICT;
        CREATE TABLE template_files (
            team_id TEXT NOT NULL, hash TEXT NOT NULL, digest TEXT NOT NULL, size INTEGER NOT NULL, used_at TEXT NOT NULL, PRIMARY KEY (team_id, hash)) STRICT;
        CREATE TABLE template_pulls (team_id TEXT NOT NULL, image TEXT NOT NULL, PRIMARY KEY (team_id, image)) STRICT;
        """,
        """
        ALTER TABLE template_builds ADD COLUMN plan TEXT;
        """,
    ];

    private const string NewUuid =
        "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))";

    /// <summary>The form that this version writes.</summary>
    public static int Newest => Steps.Length;

    /// <exception cref="RuntimeException"><see cref="RuntimeError.StoreUnusable"/>: a newer version wrote the store.</exception>
    public static void Apply(SqliteConnection connection) => Apply(connection, Newest);

    /// <summary>Only up to an older form.</summary>
    internal static void Apply(SqliteConnection connection, int last)
    {
        var version = Version(connection);
        if (version > Newest)
        {
            throw new RuntimeException(
                RuntimeError.StoreUnusable,
                $"The store was written by a newer Moru (form {version}, this one knows {Newest}); update Moru, or use another data directory.");
        }

        for (; version < last; version++)
        {
            using var transaction = connection.BeginTransaction();
            using var step = connection.CreateCommand();
            step.CommandText = $"{Steps[version]} PRAGMA user_version = {version + 1};";
            step.ExecuteNonQuery();
            transaction.Commit();
        }
    }

    private static int Version(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        return Convert.ToInt32(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
    }
}
