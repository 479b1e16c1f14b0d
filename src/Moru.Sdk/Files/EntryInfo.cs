using Moru.Protocol;

namespace Moru;

/// <summary>One file or directory in a sandbox.</summary>
public sealed record EntryInfo
{
    /// <summary>Last part of the path.</summary>
    public required string Name { get; init; }

    /// <summary>File or directory; for a symbolic link, what it leads to. Pipes, sockets, devices and links that lead nowhere are unspecified.</summary>
    public required FileType Type { get; init; }

    /// <summary>Absolute path.</summary>
    public required string Path { get; init; }

    /// <summary>Size in bytes.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>Permission bits, the low nine.</summary>
    public required uint Mode { get; init; }

    /// <summary>
    /// Permissions as text, such as <c>-rw-r--r--</c>. The first letters tell other kinds apart: <c>d</c> directory, <c>L</c> symbolic link, <c>p</c> pipe,
    /// <c>S</c> socket, <c>Dc</c> character device, <c>D</c> block device.
    /// </summary>
    public required string Permissions { get; init; }

    /// <summary>Owner's name.</summary>
    public required string Owner { get; init; }

    /// <summary>Group's name.</summary>
    public required string Group { get; init; }

    /// <summary>When the content last changed.</summary>
    public required DateTimeOffset ModifiedTime { get; init; }

    /// <summary>Where a symbolic link leads; null for anything else and for dangling links.</summary>
    public string? SymlinkTarget { get; init; }

    internal static EntryInfo From(FileEntry wire) => new()
    {
        Name = wire.Name,
        Type = wire.Type,
        Path = wire.Path,
        SizeBytes = wire.Size,
        Mode = wire.Mode,
        Permissions = wire.Permissions ?? "",
        Owner = wire.Owner ?? "",
        Group = wire.Group ?? "",
        ModifiedTime = wire.ModifiedTime,
        SymlinkTarget = wire.SymlinkTarget,
    };
}
