using System.Text.Json.Serialization;

namespace Moru.Protocol;

/// <summary>Kinds of directory entries; a symbolic link has the type of its target.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FileType>))]
public enum FileType
{
    /// <summary>Neither: a device, a socket, a pipe or a dangling link.</summary>
    [JsonStringEnumMemberName("FILE_TYPE_UNSPECIFIED")]
    Unspecified = 0,

    /// <summary>A regular file.</summary>
    [JsonStringEnumMemberName("FILE_TYPE_FILE")]
    File = 1,

    /// <summary>A directory.</summary>
    [JsonStringEnumMemberName("FILE_TYPE_DIRECTORY")]
    Directory = 2,
}

/// <summary>One file or directory: <c>filesystem.EntryInfo</c>.</summary>
public sealed record FileEntry
{
    /// <summary>Last part of the path.</summary>
    public required string Name { get; init; }

    /// <summary>Kind of the entry, of the target for a symbolic link.</summary>
    public FileType Type { get; init; }

    /// <summary>Absolute path.</summary>
    public required string Path { get; init; }

    /// <summary>Size in bytes of the entry itself. Text on the wire, as protobuf JSON asks for 64-bit numbers.</summary>
    [JsonNumberHandling(JsonNumberHandling.WriteAsString | JsonNumberHandling.AllowReadingFromString)]
    public long Size { get; init; }

    /// <summary>Permission bits (the low nine), of the target for a symbolic link.</summary>
    public uint Mode { get; init; }

    /// <summary>Permissions as text, such as <c>-rw-r--r--</c>, <c>drwxr-xr-x</c> or <c>Lrwxrwxrwx</c>.</summary>
    public string? Permissions { get; init; }

    /// <summary>Owner's name, or number when it has no name.</summary>
    public string? Owner { get; init; }

    /// <summary>Group's name, or number when it has no name.</summary>
    public string? Group { get; init; }

    /// <summary>When the content last changed.</summary>
    public DateTimeOffset ModifiedTime { get; init; }

    /// <summary>Where a symbolic link finally leads; absent for a dangling one.</summary>
    public string? SymlinkTarget { get; init; }
}

/// <summary>Request of <c>filesystem.Filesystem/ListDir</c>.</summary>
/// <param name="Path">Directory.</param>
/// <param name="Depth">Levels below it; 0 counts as 1.</param>
public sealed record ListDirRequest(string Path, uint Depth = 1);

/// <summary>Answer of <c>filesystem.Filesystem/ListDir</c>.</summary>
/// <param name="Entries">Entries, a directory before its content, by name within each directory.</param>
public sealed record ListDirResponse(IReadOnlyList<FileEntry>? Entries = null);

/// <summary>Request of <c>filesystem.Filesystem/Stat</c>.</summary>
/// <param name="Path">What to describe; a symbolic link is not followed.</param>
public sealed record StatRequest(string Path);

/// <summary>Answer of <c>filesystem.Filesystem/Stat</c>.</summary>
/// <param name="Entry">What is there.</param>
public sealed record StatResponse(FileEntry Entry);

/// <summary>Request of <c>filesystem.Filesystem/MakeDir</c>.</summary>
/// <param name="Path">Directory to make, its missing parents included.</param>
public sealed record MakeDirRequest(string Path);

/// <summary>Answer of <c>filesystem.Filesystem/MakeDir</c>.</summary>
/// <param name="Entry">The new directory.</param>
public sealed record MakeDirResponse(FileEntry Entry);

/// <summary>Request of <c>filesystem.Filesystem/Move</c>.</summary>
/// <param name="Source">What to move.</param>
/// <param name="Destination">Its new path; missing parents are made.</param>
public sealed record MoveRequest(string Source, string Destination);

/// <summary>Answer of <c>filesystem.Filesystem/Move</c>.</summary>
/// <param name="Entry">The entry in its new place.</param>
public sealed record MoveResponse(FileEntry Entry);

/// <summary>Request of <c>filesystem.Filesystem/Remove</c>.</summary>
/// <param name="Path">What to remove, a directory with all that is in it.</param>
public sealed record RemoveRequest(string Path);

/// <summary>One file that <c>POST /files</c> wrote.</summary>
/// <param name="Name">Last part of the path.</param>
/// <param name="Path">Absolute path.</param>
/// <param name="Type">Always <c>file</c>.</param>
public sealed record WrittenFile(string Name, string Path, string Type);
