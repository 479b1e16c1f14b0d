using System.Globalization;
using System.Text;

namespace Moru.Tools;

/// <summary>Lines of a text file.</summary>
public sealed record FileText : SandboxResult
{
    /// <summary>The file, as asked for.</summary>
    public required string Path { get; init; }

    /// <summary>The lines as they are in the file.</summary>
    public required string Content { get; init; }

    /// <summary>Number of the first line in <see cref="Content"/>.</summary>
    public required int StartLine { get; init; }

    /// <summary>Number of the last line in <see cref="Content"/>.</summary>
    public required int EndLine { get; init; }

    /// <summary>Lines in the whole file; absent when it is too large to count.</summary>
    public int? TotalLines { get; init; }

    private protected override string Text => Content.Length == 0 ? "[empty file]" : Content;
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

    private protected override string Text
    {
        get
        {
            var text = new StringBuilder();
            text.Append(CultureInfo.InvariantCulture, $"{Path}: {Entries.Count + (Omitted ?? 0)} entries\n");
            foreach (var entry in Entries)
                text.Append(entry.SizeBytes is { } size ? string.Create(CultureInfo.InvariantCulture, $"{entry.Path}  {size}\n") : $"{entry.Path}/\n");
            return text.ToString();
        }
    }
}

/// <summary>One file or directory in a list.</summary>
public sealed record FileLine
{
    /// <summary>Path below the listed directory.</summary>
    public required string Path { get; init; }

    /// <summary>Size of a file; absent for a directory.</summary>
    public long? SizeBytes { get; init; }
}
