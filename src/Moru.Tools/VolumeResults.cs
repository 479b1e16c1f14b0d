using System.Globalization;

namespace Moru.Tools;

/// <summary>Volumes of the server.</summary>
public sealed record VolumeList : ToolResult
{
    internal const int Max = 50;

    /// <summary>Those that were asked for, at most 50.</summary>
    public required IReadOnlyList<VolumeLine> Volumes { get; init; }

    /// <summary>How many more there are; absent: none.</summary>
    public int? Omitted { get; init; }

    /// <summary>What was done; absent when volumes were only listed.</summary>
    public string? Done { get; init; }

    private protected override string Text => Done ?? (Volumes.Count == 0 ? "No volumes." : Lines + (Omitted is { } more ? $"[{more} more omitted]" : ""));

    private string Lines => string.Concat(Volumes.Select(line => string.Create(CultureInfo.InvariantCulture, $"{line.Name}  {line.VolumeId}  {line.TotalBytes} bytes\n")));

    internal static VolumeList From(IReadOnlyList<Volume> volumes) => new()
    {
        Volumes = [.. volumes.Take(Max).Select(volume => new VolumeLine { VolumeId = volume.VolumeId, Name = volume.Name, TotalBytes = volume.TotalSizeBytes })],
        Omitted = volumes.Count > Max ? volumes.Count - Max : null,
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

    /// <summary>What was done; absent when it was only looked at.</summary>
    public string? Done { get; init; }

    private protected override string Text => Done ?? (Content.Length == 0 ? "[empty]" : CleanText.Mark(Content));
}
