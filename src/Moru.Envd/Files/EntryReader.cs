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

    /// <returns>Null when nothing is there.</returns>
    public FileEntry? ReadOrDefault(string path)
    {
        if (FileStatus.OfLink(path) is not { } own) return null;
        var target = own.IsSymbolicLink ? FileStatus.Of(path) : own;
        return new FileEntry
        {
            Name = path == "/" ? "/" : path[(path.LastIndexOf('/') + 1)..],
            Type = target switch
            {
                { IsRegular: true } => FileType.File,
                { IsDirectory: true } => FileType.Directory,
                _ => FileType.Unspecified,
            },
            Path = path,
            Size = own.Size,
            Mode = (target ?? own).Mode & 0b111_111_111,
            Permissions = PermissionText.Of(own.Mode),
            Owner = _users.GetValueOrDefault(own.Uid) ?? own.Uid.ToString(CultureInfo.InvariantCulture),
            Group = _groups.GetValueOrDefault(own.Gid) ?? own.Gid.ToString(CultureInfo.InvariantCulture),
            ModifiedTime = own.ModifiedTime,
            SymlinkTarget = own.IsSymbolicLink ? ResolveOrDefault(path) : null,
        };
    }

    /// <summary>The path without any symbolic link in it; null when it leads nowhere.</summary>
    public static unsafe string? ResolveOrDefault(string path)
    {
        var buffer = stackalloc byte[MaxPath];
        return Posix.RealPath(path, buffer) is null ? null : Marshal.PtrToStringUTF8((nint)buffer);
    }
}
