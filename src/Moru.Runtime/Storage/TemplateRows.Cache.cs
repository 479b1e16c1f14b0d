using System.Text.Json;

namespace Moru.Runtime;

/// <summary>The tables of what builds keep for the next ones: layers, uploaded files, and whose images were pulled.</summary>
internal sealed partial class TemplateRows
{
    public CachedLayer? FindLayer(string teamId, string key, DateTimeOffset now)
    {
        Run("UPDATE template_layers SET used_at = $now WHERE team_id = $team AND key = $key", ("$team", teamId), ("$key", key), ("$now", RuntimeStore.Text(now)));
        return Read(
            "SELECT image, context FROM template_layers WHERE team_id = $team AND key = $key",
            row => new CachedLayer(key, row.GetString(0), JsonSerializer.Deserialize(row.GetString(1), StoreJson.Default.BuildContext)!),
            ("$team", teamId), ("$key", key)).FirstOrDefault();
    }

    public int Save(string teamId, CachedLayer layer, DateTimeOffset now) => Run(
        "INSERT OR REPLACE INTO template_layers (team_id, key, image, context, used_at) VALUES ($team, $key, $image, $context, $now)",
        ("$team", teamId), ("$key", layer.Key), ("$image", layer.Image), ("$context", JsonSerializer.Serialize(layer.Context, StoreJson.Default.BuildContext)),
        ("$now", RuntimeStore.Text(now)));

    /// <summary>Images of layers that were replaced, and of those beyond the newest ones of the team.</summary>
    public IReadOnlyList<string> StaleLayerImages(string teamId, int most) => Read(
        """
        SELECT DISTINCT image FROM template_layers WHERE team_id = $team
            AND image NOT IN (SELECT image FROM template_layers WHERE team_id = $team AND key NOT LIKE $replaced ORDER BY used_at DESC LIMIT $most)
        """,
        row => row.GetString(0), ("$team", teamId), ("$most", most), ("$replaced", CachedLayer.Replaced + "%"));

    public int ForgetLayers(string teamId, string image) => Run("DELETE FROM template_layers WHERE team_id = $team AND image = $image", ("$team", teamId), ("$image", image));

    public StoredArchive? FindFiles(string teamId, string hash, DateTimeOffset now)
    {
        Run("UPDATE template_files SET used_at = $now WHERE team_id = $team AND hash = $hash", ("$team", teamId), ("$hash", hash), ("$now", RuntimeStore.Text(now)));
        return Read(
            "SELECT digest, size FROM template_files WHERE team_id = $team AND hash = $hash",
            row => new StoredArchive(row.GetString(0), row.GetInt64(1)), ("$team", teamId), ("$hash", hash)).FirstOrDefault();
    }

    public int SaveFiles(string teamId, string hash, StoredArchive archive, DateTimeOffset now) => Run(
        "INSERT OR REPLACE INTO template_files (team_id, hash, digest, size, used_at) VALUES ($team, $hash, $digest, $size, $now)",
        ("$team", teamId), ("$hash", hash), ("$digest", archive.Digest), ("$size", archive.Bytes), ("$now", RuntimeStore.Text(now)));

    /// <summary>Forgets the files used longest ago until the rest fits, and those that nothing names any more.</summary>
    /// <returns>Digests that are still named.</returns>
    public IReadOnlyList<string> PruneFiles(long mostBytes)
    {
        Run(
            """
            DELETE FROM template_files WHERE rowid IN (
                SELECT rowid FROM (SELECT rowid, sum(size) OVER (ORDER BY used_at DESC, rowid) AS total FROM template_files) WHERE total > $most)
            """,
            ("$most", mostBytes));
        return Read("SELECT DISTINCT digest FROM template_files", row => row.GetString(0));
    }

    public int SavePull(string teamId, string image) =>
        Run("INSERT OR IGNORE INTO template_pulls (team_id, image) VALUES ($team, $image)", ("$team", teamId), ("$image", image));

    /// <summary>Whether other teams, but not this one, have proved that their registry gives them the image.</summary>
    public bool IsPulledByOthersAlone(string teamId, string image)
    {
        var teams = Read("SELECT team_id FROM template_pulls WHERE image = $image", row => row.GetString(0), ("$image", image));
        return teams.Count > 0 && !teams.Contains(teamId);
    }
}

/// <summary>A layer that a step made earlier.</summary>
/// <param name="Key">Names everything that led to it.</param>
/// <param name="Image">Its image on the engine.</param>
/// <param name="Context">What the next step runs under.</param>
internal sealed record CachedLayer(string Key, string Image, BuildContext Context)
{
    /// <summary>Begins the keys of layers that no build finds any more.</summary>
    public const string Replaced = "replaced ";
}

/// <summary>Uploaded files, kept once for each content.</summary>
internal sealed record StoredArchive(string Digest, long Bytes);
