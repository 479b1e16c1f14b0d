namespace Moru;

/// <summary>The <c>metadata</c> query parameter. The wire escapes keys and values twice and the joined text once more.</summary>
internal static class MetadataFilter
{
    public static string Format(IReadOnlyDictionary<string, string> metadata) =>
        Uri.EscapeDataString(string.Join('&', metadata.Select(pair => $"{Twice(pair.Key)}={Twice(pair.Value)}")));

    private static string Twice(string text) => Uri.EscapeDataString(Uri.EscapeDataString(text));
}
