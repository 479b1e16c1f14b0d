using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Moru.Runtime;

/// <summary>
/// Layers of earlier builds of a team. The key of a layer is a hash of the image that the build began with and of every step up to
/// it, with the content of its files: equal keys, equal layers.
/// </summary>
internal sealed class LayerCache(RuntimeStore store, IContainerEngine engine, RuntimeOptions options, TimeProvider time)
{
    // Changes when the builder does to the same step something else than before.
    private const string Builder = "1";

    public static string FirstKey(string imageId, BuildContext context) =>
        Hash([Builder, imageId, JsonSerializer.Serialize(Sorted(context), StoreJson.Default.BuildContext)]);

    public static string NextKey(string key, BuildStep step, string? filesDigest) => Hash([key, step.Kind, filesDigest ?? "", .. step.Args]);

    public async Task<CachedLayer?> FindAsync(string teamId, string key, CancellationToken cancellationToken) =>
        store.Templates(rows => rows.FindLayer(teamId, key, time.GetUtcNow())) is { } layer && await engine.FindImageAsync(layer.Image, cancellationToken) is not null
            ? layer
            : null;

    /// <summary>Keeps a layer for the next build. One that it replaces stays until it is pruned: another build may go on from it.</summary>
    public void Add(string teamId, CachedLayer layer) => store.Templates(rows =>
    {
        var now = time.GetUtcNow();
        if (rows.FindLayer(teamId, layer.Key, now) is { } earlier && earlier.Image != layer.Image)
            rows.Save(teamId, earlier with { Key = CachedLayer.Replaced + earlier.Image }, now);
        return rows.Save(teamId, layer, now);
    });

    /// <summary>Removes the layers that were replaced or are too many, when no build of the team runs. What depends on them keeps their content.</summary>
    public async Task PruneAsync(string teamId, CancellationToken cancellationToken)
    {
        foreach (var image in store.Templates(rows => rows.StaleLayerImages(teamId, options.MaxLayers))) await RemoveAsync(teamId, image, cancellationToken);
    }

    private async Task RemoveAsync(string teamId, string image, CancellationToken cancellationToken)
    {
        if (!image.StartsWith(ImageName.Own, StringComparison.Ordinal) || await engine.RemoveImageAsync(image, cancellationToken))
            store.Templates(rows => rows.ForgetLayers(teamId, image));
    }

    private static BuildContext Sorted(BuildContext context) => context with
    {
        Env = new SortedDictionary<string, string>(new Dictionary<string, string>(context.Env), StringComparer.Ordinal),
        Arguments = new SortedDictionary<string, string>(new Dictionary<string, string>(context.Arguments), StringComparer.Ordinal),
    };

    private static string Hash(IReadOnlyList<string> parts)
    {
        // Each with its length, so that no two lists of parts look the same.
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var bytes in parts.Select(Encoding.UTF8.GetBytes))
        {
            hash.AppendData(BitConverter.GetBytes((long)bytes.Length));
            hash.AppendData(bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
