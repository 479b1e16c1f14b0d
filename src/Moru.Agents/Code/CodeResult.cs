using System.Text;

namespace Moru.Agents;

/// <summary>What a run of code did.</summary>
public sealed record CodeResult
{
    /// <summary>Standard output, the middle of a long one cut.</summary>
    public required string Stdout { get; init; }

    /// <summary>Standard error, the middle of a long one cut.</summary>
    public required string Stderr { get; init; }

    /// <summary>Value of the last line as Python shows it; null when that is no expression, or None.</summary>
    public string? Value { get; init; }

    /// <summary>Traceback of the exception that ended the run, or another reason; null: it succeeded.</summary>
    public string? Error { get; init; }

    /// <summary>Plots and pictures it showed, as PNG; at most 4 of at most 1 MiB.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Images { get; init; } = [];

    /// <summary>Files under <c>/mnt/data</c> that it wrote.</summary>
    public IReadOnlyList<CodeFile> Files { get; init; } = [];

    /// <summary>The run as a model reads it.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        Append(Stdout);
        if (Stderr.Length > 0) Append($"[stderr]\n{Stderr}");
        if (Value is not null) Append($"[value] {Value}");
        if (Error is not null) Append($"[error] {Error}");
        for (var number = 1; number <= Images.Count; number++) Append($"[image {number} is shown to the user]");
        foreach (var file in Files) Append($"[file {file.Path}, {file.SizeBytes} bytes]");
        return text.Length == 0 ? "[no output]" : text.ToString().TrimEnd('\n');

        void Append(string part)
        {
            text.Append(part);
            if (part.Length > 0 && part[^1] != '\n') text.Append('\n');
        }
    }
}

/// <summary>A file that code wrote.</summary>
/// <param name="Path">Absolute path in the sandbox.</param>
/// <param name="SizeBytes">Its size.</param>
public sealed record CodeFile(string Path, long SizeBytes);
