using Moru.Runtime;

namespace Moru.Server;

/// <summary>Labels that a sandbox must carry to be listed, from the query parameter <c>metadata</c>.</summary>
internal sealed class MetadataFilter
{
    private readonly IReadOnlyList<KeyValuePair<string, string>> wanted;

    private MetadataFilter(IReadOnlyList<KeyValuePair<string, string>> wanted) => this.wanted = wanted;

    /// <summary>Clients escape keys and values twice and the joined text once more; the query string's own escaping is already undone.</summary>
    public static MetadataFilter Parse(string? text)
    {
        if (string.IsNullOrEmpty(text)) return new MetadataFilter([]);
        return new MetadataFilter([.. Uri.UnescapeDataString(text).Split('&').Select(pair =>
        {
            var parts = pair.Split('=');
            return parts is [{ Length: > 0 } key, { Length: > 0 } value]
                ? KeyValuePair.Create(Uri.UnescapeDataString(key), Uri.UnescapeDataString(value))
                : throw ApiBody.Invalid($"metadata filter '{pair}' is not key=value");
        })]);
    }

    public bool Matches(SandboxRecord record) =>
        wanted.All(pair => record.Metadata.TryGetValue(pair.Key, out var value) && value == pair.Value);
}
