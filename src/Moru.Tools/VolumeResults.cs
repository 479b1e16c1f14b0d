using System.Globalization;

namespace Moru.Tools;

/// <summary>Volumes of the server.</summary>
public sealed record VolumeList : ToolResult
{
    internal const int Max = 50;

    /// <summary>Those that were asked for, at most 50.</summary>
    public required IReadOnlyList<VolumeLine> Volumes { get; init; }

    private protected override string Text => Volumes.Count == 0
        ? "No volumes."
        : string.Concat(Volumes.Select(line => string.Create(CultureInfo.InvariantCulture, $"{line.Name}  {line.VolumeId}  {line.TotalBytes} bytes\n")));

    internal static VolumeList From(IReadOnlyList<Volume> volumes, string? note) => new()
    {
        Volumes = [.. volumes.Select(volume => new VolumeLine { VolumeId = volume.VolumeId, Name = volume.Name, TotalBytes = volume.TotalSizeBytes })],
        Note = note,
    };
}

/// <summary>One volume in a list.</summary>
public sealed record VolumeLine
{
    /// <summary>Identifier.</summary>
    public required string VolumeId { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Size of all its files.</summary>
    public required long TotalBytes { get; init; }
}

/// <summary>What is in a volume.</summary>
public sealed record VolumeContent : ToolResult
{
    /// <summary>The file or directory, as asked for.</summary>
    public required string Path { get; init; }

    /// <summary>Text of the file, or a line for each file of the directory.</summary>
    public required string Content { get; init; }

    private protected override string Text => Content.Length == 0 && Note is null ? "[empty]" : CleanText.Mark(Content);
}
