using System.Globalization;

namespace Moru.Mcp;

/// <summary>What a <c>moru://</c> URI names.</summary>
internal sealed record ResourceAddress(ResourceKind Kind, string Uri)
{
    public const string Sandboxes = "moru://sandboxes";
    public const string History = "moru://history";

    /// <summary>Stands for the session sandbox in place of an id.</summary>
    public const string Session = "session";

    /// <summary>Of all kinds that belong to one sandbox.</summary>
    public string SandboxId { get; private init; } = "";

    /// <summary>Absolute path of a file.</summary>
    public string Path { get; private init; } = "";

    /// <summary>First byte of a file to read.</summary>
    public long Offset { get; private init; }

    /// <summary>Most bytes of a file to read; null: all, or an error when that is too much.</summary>
    public int? Length { get; private init; }

    public static string Of(string sandboxId) => $"{Sandboxes}/{sandboxId}";

    public static string OfFile(string sandboxId, string path) =>
        $"{Of(sandboxId)}/files{string.Join('/', path.Split('/').Select(System.Uri.EscapeDataString))}";

    /// <returns>Null when nothing can have this URI.</returns>
    public static ResourceAddress? ParseOrDefault(string uri)
    {
        if (uri == Sandboxes) return new(ResourceKind.Sandboxes, uri);
        if (uri == History) return new(ResourceKind.History, uri);
        if (!uri.StartsWith(Sandboxes + "/", StringComparison.Ordinal) || uri.Contains('#', StringComparison.Ordinal)) return null;

        var (address, query) = uri.IndexOf('?', StringComparison.Ordinal) is > 0 and var mark ? (uri[..mark], uri[(mark + 1)..]) : (uri, "");
        var parts = address[(Sandboxes.Length + 1)..].Split('/', 3);
        if (parts[0].Length == 0 || !parts[0].All(char.IsAsciiLetterOrDigit)) return null;
        return parts switch
        {
            [var id] when query.Length == 0 => new(ResourceKind.Sandbox, uri) { SandboxId = id },
            [var id, "processes"] when query.Length == 0 => new(ResourceKind.Processes, uri) { SandboxId = id },
            [var id, "metrics"] when query.Length == 0 => new(ResourceKind.Metrics, uri) { SandboxId = id },
            [var id, "files", var path] => ParseFile(uri, id, path, query),
            _ => null,
        };
    }

    private static ResourceAddress? ParseFile(string uri, string sandboxId, string path, string query)
    {
        var file = new ResourceAddress(ResourceKind.File, uri) { SandboxId = sandboxId, Path = "/" + System.Uri.UnescapeDataString(path) };
        if (file.Path.Contains('\0', StringComparison.Ordinal)) return null;
        foreach (var pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            if (pair.Split('=') is not [var name, var value] || !int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return null;
            if (name == "offset") file = file with { Offset = number };
            else if (name == "length") file = file with { Length = number };
            else return null;
        }

        return file;
    }
}

internal enum ResourceKind
{
    Sandboxes,
    History,
    Sandbox,
    Processes,
    Metrics,
    File,
}
