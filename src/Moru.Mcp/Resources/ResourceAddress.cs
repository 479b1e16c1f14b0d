using System.Globalization;

namespace Moru.Mcp;

/// <summary>What a <c>moru://</c> URI names.</summary>
internal sealed record ResourceAddress(ResourceKind Kind, string Uri)
{
    public const string Sandboxes = Scheme + "sandboxes";
    public const string History = Scheme + "history";
    public const string Templates = Scheme + "templates";
    public const string Volumes = Scheme + "volumes";

    /// <summary>Stands for the session sandbox in place of an id.</summary>
    public const string Session = "session";

    private const string Scheme = "moru://";

    /// <summary>Sandbox, template or volume that it is about; empty for lists of them.</summary>
    public string Owner { get; private init; } = "";

    /// <summary>Process id of a command or a terminal.</summary>
    public int Pid { get; private init; }

    /// <summary>Which build of a template.</summary>
    public string BuildId { get; private init; } = "";

    /// <summary>Absolute path of a file.</summary>
    public string Path { get; private init; } = "";

    /// <summary>First byte of a file to read.</summary>
    public long Offset { get; private init; }

    /// <summary>Most bytes of a file to read; null: all, or an error when that is too much.</summary>
    public int? Length { get; private init; }

    /// <summary>Where to go on reading the output of a command; null: its beginning and end.</summary>
    public string? Cursor { get; private init; }

    /// <summary>When the log to read begins; null: its newest entries.</summary>
    public DateTimeOffset? Start { get; private init; }

    public static string Of(string sandboxId) => $"{Sandboxes}/{sandboxId}";

    public static string OfFile(string sandboxId, string path) => Of(sandboxId) + Files(path);

    public static string OfVolumeFile(string volume, string path) => $"{Volumes}/{volume}{Files(path)}";

    public static string OfBuild(string templateId, string buildId) => $"{Templates}/{templateId}/builds/{buildId}";

    /// <returns>Null when nothing can have this URI.</returns>
    public static ResourceAddress? ParseOrDefault(string uri)
    {
        if (!uri.StartsWith(Scheme, StringComparison.Ordinal) || uri.Contains('#', StringComparison.Ordinal)) return null;
        var query = uri.IndexOf('?', StringComparison.Ordinal) is > 0 and var mark ? uri[(mark + 1)..] : "";
        var named = uri[Scheme.Length..(query.Length == 0 ? uri.Length : uri.Length - query.Length - 1)].Split('/') switch
        {
            ["sandboxes"] => new(ResourceKind.Sandboxes, uri),
            ["history"] => new(ResourceKind.History, uri),
            ["templates"] => new(ResourceKind.Templates, uri),
            ["volumes"] => new(ResourceKind.Volumes, uri),
            ["sandboxes", var id, .. var rest] when id.Length > 0 && id.All(char.IsAsciiLetterOrDigit) => InSandbox(uri, rest) is { } found ? found with { Owner = id } : null,
            ["templates", var name] when IsName(name) => new(ResourceKind.Template, uri) { Owner = name },
            ["templates", var name, "builds", var build] when IsName(name) && IsName(build) => new(ResourceKind.Build, uri) { Owner = name, BuildId = build },
            ["volumes", var name] when IsName(name) => new(ResourceKind.Volume, uri) { Owner = name },
            ["volumes", var name, "files", _, ..] and [_, _, _, .. var path] when IsName(name) => File(ResourceKind.VolumeFile, uri, path) is { } file ? file with { Owner = name } : null,
            _ => default(ResourceAddress),
        };
        return query.Split('&', StringSplitOptions.RemoveEmptyEntries).Aggregate(named, (address, pair) => address?.With(pair));
    }

    /// <summary>The same in the sandbox with this id, under the same URI.</summary>
    public ResourceAddress In(string sandboxId) => this with { Owner = sandboxId };

    private static ResourceAddress? InSandbox(string uri, string[] rest) => rest switch
    {
        [] => new(ResourceKind.Sandbox, uri),
        ["metrics"] => new(ResourceKind.Metrics, uri),
        ["logs"] => new(ResourceKind.Logs, uri),
        ["commands"] => new(ResourceKind.Commands, uri),
        ["commands", var pid] when Number(pid) is { } command => new(ResourceKind.Output, uri) { Pid = command },
        ["screens", var pid] when Number(pid) is { } terminal => new(ResourceKind.Screen, uri) { Pid = terminal },
        ["files", _, ..] and [_, .. var path] => File(ResourceKind.File, uri, path),
        _ => null,
    };

    private static ResourceAddress? File(ResourceKind kind, string uri, string[] path)
    {
        var file = new ResourceAddress(kind, uri) { Path = "/" + System.Uri.UnescapeDataString(string.Join('/', path)) };
        return file.Path.Contains('\0', StringComparison.Ordinal) ? null : file;
    }

    private ResourceAddress? With(string pair)
    {
        if (pair.Split('=') is not [var name, var escaped]) return null;
        var value = System.Uri.UnescapeDataString(escaped);
        return (name, Kind) switch
        {
            ("offset", ResourceKind.File or ResourceKind.VolumeFile) when Number(value) is { } offset => this with { Offset = offset },
            ("length", ResourceKind.File or ResourceKind.VolumeFile) when Number(value) is { } length => this with { Length = length },
            ("cursor", ResourceKind.Output) => this with { Cursor = value },
            ("start", ResourceKind.Logs) when Time(value) is { } start => this with { Start = start },
            _ => null,
        };
    }

    private static string Files(string path) => $"/files{string.Join('/', path.Split('/').Select(System.Uri.EscapeDataString))}";

    private static bool IsName(string text) => text.Length > 0 && text.All(each => char.IsAsciiLetterOrDigit(each) || each is '-' or '_');

    private static int? Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static DateTimeOffset? Time(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;
}

internal enum ResourceKind
{
    Sandboxes,
    History,
    Sandbox,
    Metrics,
    Logs,
    Commands,
    Output,
    Screen,
    File,
    Templates,
    Template,
    Build,
    Volumes,
    Volume,
    VolumeFile,
}
