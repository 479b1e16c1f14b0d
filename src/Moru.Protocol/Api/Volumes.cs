using System.Text.Json.Serialization;

namespace Moru.Protocol;

/// <summary>Body of <c>POST /volumes</c>.</summary>
/// <param name="Name">1 to 63 lower-case letters, digits and dashes; begins with a letter and does not end with a dash.</param>
public sealed record NewVolume([property: JsonRequired] string Name);

/// <summary>A volume, as the volume endpoints answer it.</summary>
public sealed record VolumeDetail
{
    /// <summary>Identifier, <c>vol_</c> and 20 letters or digits.</summary>
    [JsonPropertyName("volumeID")]
    public required string VolumeId { get; init; }

    /// <summary>Name; no other volume of the team has it.</summary>
    public required string Name { get; init; }

    /// <summary>Sum of the sizes of its files; at most a few seconds old.</summary>
    public long? TotalSizeBytes { get; init; }

    /// <summary>How many files it holds, directories not counted; at most a few seconds old.</summary>
    public long? TotalFileCount { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its content was last seen to have changed.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>One page of a directory in a volume, in the byte order of names.</summary>
public sealed record VolumeFileList
{
    /// <summary>Its entries.</summary>
    public required IReadOnlyList<VolumeFile> Files { get; init; }

    /// <summary>Opaque cursor of the next page; absent on the last one.</summary>
    public string? NextToken { get; init; }
}

/// <summary>One entry of a directory in a volume.</summary>
public sealed record VolumeFile
{
    /// <summary>Last part of <see cref="Path"/>. Bytes that are not UTF-8 are shown as U+FFFD.</summary>
    public required string Name { get; init; }

    /// <summary>Absolute path in the volume.</summary>
    public required string Path { get; init; }

    /// <summary>File or directory. What is neither, such as a symbolic link, is listed as a file without a size.</summary>
    public required VolumeFileType Type { get; init; }

    /// <summary>Size in bytes, of regular files only.</summary>
    public long? Size { get; init; }

    /// <summary>When its content last changed.</summary>
    public DateTimeOffset? ModifiedAt { get; init; }
}

/// <summary>What an entry of a volume is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<VolumeFileType>))]
public enum VolumeFileType
{
    /// <summary>Anything but a directory.</summary>
    [JsonStringEnumMemberName("file")]
    File,

    /// <summary>A directory.</summary>
    [JsonStringEnumMemberName("directory")]
    Directory,
}

/// <summary>Answer to an upload.</summary>
/// <param name="Path">Where the file is now, cleaned.</param>
/// <param name="Size">Its size in bytes.</param>
public sealed record UploadedVolumeFile(string Path, long Size);
