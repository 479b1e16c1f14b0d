using System.Globalization;

namespace Moru.Tools;

/// <summary>Lines of a text file.</summary>
public sealed record FileText : SandboxResult
{
    /// <summary>The file, as asked for.</summary>
    public required string Path { get; init; }

    /// <summary>The lines; what cannot be seen is shown as escapes, which the note then says. Empty for a picture.</summary>
    public required string Content { get; init; }

    /// <summary>Number of the first line in <see cref="Content"/>.</summary>
    public required int StartLine { get; init; }

    /// <summary>Number of the last line in <see cref="Content"/>.</summary>
    public required int EndLine { get; init; }

    /// <summary>Lines in the whole file; absent when it is too large to count.</summary>
    public int? TotalLines { get; init; }

    /// <summary>Kind of picture, which comes as an image; absent for text.</summary>
    public string? MediaType { get; init; }

    internal static FileText From(FileList list, string path) => new()
    {
        Path = path,
        Content = list.Lines,
        StartLine = 1,
        EndLine = list.Entries.Count,
        TotalLines = list.Entries.Count + (list.Omitted ?? 0),
        Note = list.Note ?? "This is a directory.",
    };

    private protected override string Text => MediaType is not null ? $"[{MediaType}]" : Content.Length == 0 ? "[empty file]" : CleanText.Mark(Content);
}

/// <summary>A file that was written.</summary>
public sealed record WrittenText : SandboxResult
{
    /// <summary>The file, as asked for.</summary>
    public required string Path { get; init; }

    /// <summary>Its size.</summary>
    public required long SizeBytes { get; init; }

    private protected override string Text => string.Create(CultureInfo.InvariantCulture, $"Wrote {SizeBytes} bytes to {Path}.");
}

/// <summary>What is in a directory.</summary>
public sealed record FileList : SandboxResult
{
    /// <summary>The directory.</summary>
    public required string Path { get; init; }

    /// <summary>Entries by name, each directory before its content.</summary>
    public required IReadOnlyList<FileLine> Entries { get; init; }

    /// <summary>How many more there are; absent: none.</summary>
    public int? Omitted { get; init; }

    internal string Lines => string.Concat(Entries);

    private protected override string Text => string.Create(CultureInfo.InvariantCulture, $"{Path}: {Entries.Count + (Omitted ?? 0)} entries\n{CleanText.Mark(Lines)}");
}

/// <summary>One file or directory in a list.</summary>
public sealed record FileLine
{
    /// <summary>Path below the listed directory.</summary>
    public required string Path { get; init; }

    /// <summary>Size of a file; absent for a directory.</summary>
    public long? SizeBytes { get; init; }

    /// <summary>A line of the list.</summary>
    public override string ToString() => SizeBytes is { } size ? string.Create(CultureInfo.InvariantCulture, $"{Path}  {size}\n") : $"{Path}/\n";
}

/// <summary>A file that was changed in one place.</summary>
public sealed record EditedText : SandboxResult
{
    /// <summary>The file, as asked for.</summary>
    public required string Path { get; init; }

    /// <summary>Line on which the change begins.</summary>
    public required int Line { get; init; }

    /// <summary>How many places were changed.</summary>
    public required int Replaced { get; init; }

    private protected override string Text => string.Create(CultureInfo.InvariantCulture, $"Changed {Path} at line {Line}{(Replaced == 1 ? "" : $" and {Replaced - 1} more places")}.");
}

/// <summary>What a search found.</summary>
public sealed record FoundFiles : SandboxResult
{
    /// <summary>Files and lines in the order they were found.</summary>
    public required IReadOnlyList<FoundLine> Matches { get; init; }

    private protected override string Text => Matches.Count == 0 ? "Nothing found." : CleanText.Mark(string.Concat(Matches.Select(match => $"{match}\n")));
}

/// <summary>One file, or one line of a file, that fits.</summary>
public sealed record FoundLine
{
    /// <summary>The file.</summary>
    public required string Path { get; init; }

    /// <summary>Number of the line; absent when only names were searched.</summary>
    public int? Line { get; init; }

    /// <summary>The line, a long one cut.</summary>
    public string? Text { get; init; }

    /// <summary>As grep writes it.</summary>
    public override string ToString() => Line is { } line ? string.Create(CultureInfo.InvariantCulture, $"{Path}:{line}:{Text}") : Path;
}

/// <summary>A file or directory that has another path now.</summary>
public sealed record MovedFile : SandboxResult
{
    /// <summary>Where it was.</summary>
    public required string Path { get; init; }

    /// <summary>Where it is now.</summary>
    public required string Destination { get; init; }

    private protected override string Text => $"Moved {Path} to {Destination}.";
}

/// <summary>A file or directory that is not there any more.</summary>
public sealed record RemovedFile : SandboxResult
{
    /// <summary>Where it was, as asked for.</summary>
    public required string Path { get; init; }

    /// <summary>False when there was nothing to remove.</summary>
    public required bool Removed { get; init; }

    private protected override string Text => Removed ? $"Removed {Path}." : $"There was nothing at {Path}.";
}

/// <summary>What changed in a directory while it was watched.</summary>
public sealed record FileChanges : SandboxResult
{
    /// <summary>Changes in their order.</summary>
    public required IReadOnlyList<FileChange> Changes { get; init; }

    private protected override string Text =>
        Changes.Count == 0 ? "Nothing changed." : CleanText.Mark(string.Concat(Changes.Select(change => $"{change.Kind} {change.Path}\n")));
}

/// <summary>One change.</summary>
/// <param name="Kind"><c>create</c>, <c>write</c>, <c>remove</c>, <c>rename</c> (away from this name) or <c>chmod</c>.</param>
/// <param name="Path">Path below the watched directory.</param>
public sealed record FileChange(string Kind, string Path);
