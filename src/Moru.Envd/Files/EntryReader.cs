using System.Globalization;
using System.Runtime.InteropServices;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>Describes files as <c>filesystem.EntryInfo</c>. Knows the names of owners for as long as one call lasts.</summary>
internal sealed class EntryReader
{
    private const int MaxPath = 4096;

    private readonly Dictionary<uint, string> _users = Users.Names();
    private readonly Dictionary<uint, string> _groups = Users.GroupNames();

    /// <returns>Null, with the reason in <see cref="Posix.LastError"/>, when nothing is there.</returns>
    public FileEntry? ReadOrDefault(string path) =>
        FileStatus.OfLink(path) is { } own ? Describe(path, path, own, own.IsSymbolicLink ? FileStatus.Of(path) : own) : null;

    /// <summary>Describes an entry of an open directory.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">The entry.</param>
    /// <param name="path">Its path.</param>
    /// <param name="shown">The path to show.</param>
    /// <returns>Null when it is gone.</returns>
    public FileEntry? ReadOrDefault(DirectoryHandle directory, EntryName name, string path, string shown) =>
        directory.StatusOfLink(name) is { } own ? Describe(path, shown, own, own.IsSymbolicLink ? directory.Status(name) : own) : null;

    /// <summary>The path without any symbolic link in it; null when it leads nowhere.</summary>
    public static unsafe string? ResolveOrDefault(string path)
    {
        var buffer = stackalloc byte[MaxPath];
        return Posix.RealPath(path, buffer) is null ? null : Marshal.PtrToStringUTF8((nint)buffer);
    }

    private FileEntry Describe(string path, string shown, FileStatus own, FileStatus? target) => new()
    {
        Name = shown == "/" ? "/" : shown[(shown.LastIndexOf('/') + 1)..],
        Type = target switch
        {
            { IsRegular: true } => FileType.File,
            { IsDirectory: true } => FileType.Directory,
            _ => FileType.Unspecified,
        },
        Path = shown,
        Size = own.Size,
        Mode = (target ?? own).Mode & 0b111_111_111,
        Permissions = PermissionText.Of(own.Mode),
        Owner = _users.GetValueOrDefault(own.Uid) ?? own.Uid.ToString(CultureInfo.InvariantCulture),
        Group = _groups.GetValueOrDefault(own.Gid) ?? own.Gid.ToString(CultureInfo.InvariantCulture),
        ModifiedTime = own.ModifiedTime,
        SymlinkTarget = own.IsSymbolicLink ? ResolveOrDefault(path) : null,
    };
}
