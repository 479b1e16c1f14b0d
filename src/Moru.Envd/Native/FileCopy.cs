using System.Runtime.InteropServices;

namespace Moru.Envd;

/// <summary>Copies single entries between open directories with all that the kernel lets us copy. Every method returns 0, or why not.</summary>
internal static unsafe partial class FileCopy
{
    private const int MaxLink = 4096, MaxNames = 64 << 10, MaxValue = 64 << 10;
    private const int Exclusive = 0x80;
    private const int NotSupported = 95;
    private const uint OwnerOnly = 0b110_000_000;

    /// <summary>Makes a link or a special file like the one there.</summary>
    public static int Copy(DirectoryHandle from, EntryName name, FileStatus status, DirectoryHandle to, EntryName newName)
    {
        var made = status.IsSymbolicLink ? CopyLink(from, name, to, newName) : MakeNode(to, newName, status);
        if (made != 0) return made;

        fixed (byte* path = newName.Terminated)
        {
            if (ChangeOwnerAt(to.Descriptor, path, status.Uid, status.Gid, Posix.NoFollow) < 0) return Posix.LastError;
            // A change of owner takes the set-id bits away; a link has no mode of its own.
            if (!status.IsSymbolicLink && ChangeModeAt(to.Descriptor, path, status.Mode & 0xFFF, 0) < 0) return Posix.LastError;
            var times = status.Times;
            return Result(SetTimesAt(to.Descriptor, path, &times, Posix.NoFollow));
        }
    }

    /// <summary>Makes a directory that only root enters until it has its attributes.</summary>
    public static int MakeDirectory(DirectoryHandle to, EntryName name)
    {
        fixed (byte* path = name.Terminated) return Result(MakeDirectoryAt(to.Descriptor, path, 0b111_000_000));
    }

    public static int CopyAttributes(int from, int to, FileStatus status)
    {
        if (Posix.ChangeOwner(to, status.Uid, status.Gid) < 0 || ChangeMode(to, status.Mode & 0xFFF) < 0) return Posix.LastError;
        if (CopyExtended(from, to) is not 0 and var error) return error;
        var times = status.Times;
        return Result(SetTimes(to, &times));
    }

    /// <summary>Opens a regular file and its copy, which must be new.</summary>
    public static int Open(DirectoryHandle from, EntryName name, DirectoryHandle to, EntryName newName, out FileContent? content)
    {
        content = null;
        var source = from.OpenFile(name, Posix.ReadOnly | Posix.NonBlocking | Posix.NoControllingTerminal, 0);
        if (source < 0) return Posix.LastError;
        var target = to.OpenFile(newName, Posix.WriteOnly | Posix.Create | Exclusive, OwnerOnly);
        var error = target < 0 ? Posix.LastError : 0;
        // What stands there now may not be what was there a moment ago.
        if (error == 0 && FileStatus.Of(source) is { IsRegular: true } status) content = new FileContent(source, target, status);
        if (content is not null) return 0;
        if (target >= 0) Posix.Close(target);
        Posix.Close(source);
        return error == 0 ? Posix.NoSuchDevice : error;
    }

    private static int CopyLink(DirectoryHandle from, EntryName name, DirectoryHandle to, EntryName newName)
    {
        var content = stackalloc byte[MaxLink + 1];
        fixed (byte* path = name.Terminated, newPath = newName.Terminated)
        {
            var length = ReadLinkAt(from.Descriptor, path, content, MaxLink);
            if (length < 0) return Posix.LastError;
            content[length] = 0;
            return Result(MakeLinkAt(content, to.Descriptor, newPath));
        }
    }

    private static int MakeNode(DirectoryHandle to, EntryName name, FileStatus status)
    {
        fixed (byte* path = name.Terminated) return Result(MakeNodeAt(to.Descriptor, path, status.Mode, status.SpecialDevice));
    }

    private static int CopyExtended(int from, int to)
    {
        var names = new byte[MaxNames];
        fixed (byte* first = names)
        {
            var length = ListAttributes(from, first, MaxNames);
            if (length < 0) return Posix.LastError == NotSupported ? 0 : Posix.LastError;
            if (length == 0) return 0;

            var value = new byte[MaxValue];
            fixed (byte* content = value)
            {
                for (var name = first; name < first + length; name += MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name).Length + 1)
                {
                    var size = GetAttribute(from, name, content, MaxValue);
                    // Some belong to the file system, and some file systems take none: as with cp, the rest of the file matters more.
                    if (size >= 0 && SetAttribute(to, name, content, size, 0) < 0 && Posix.LastError is not (NotSupported or Posix.NotPermitted)) return Posix.LastError;
                }
            }
        }

        return 0;
    }

    private static int Result(int returned) => returned < 0 ? Posix.LastError : 0;

    [LibraryImport("libc", EntryPoint = "fchmod", SetLastError = true)]
    private static partial int ChangeMode(int fd, uint mode);

    [LibraryImport("libc", EntryPoint = "fchmodat", SetLastError = true)]
    private static partial int ChangeModeAt(int directory, byte* path, uint mode, int flags);

    [LibraryImport("libc", EntryPoint = "fchownat", SetLastError = true)]
    private static partial int ChangeOwnerAt(int directory, byte* path, uint uid, uint gid, int flags);

    [LibraryImport("libc", EntryPoint = "utimensat", SetLastError = true)]
    private static partial int SetTimesAt(int directory, byte* path, FileTimes* times, int flags);

    [LibraryImport("libc", EntryPoint = "futimens", SetLastError = true)]
    private static partial int SetTimes(int fd, FileTimes* times);

    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true)]
    private static partial int MakeDirectoryAt(int directory, byte* path, uint mode);

    [LibraryImport("libc", EntryPoint = "mknodat", SetLastError = true)]
    private static partial int MakeNodeAt(int directory, byte* path, uint mode, ulong device);

    [LibraryImport("libc", EntryPoint = "readlinkat", SetLastError = true)]
    private static partial nint ReadLinkAt(int directory, byte* path, byte* content, nint size);

    [LibraryImport("libc", EntryPoint = "symlinkat", SetLastError = true)]
    private static partial int MakeLinkAt(byte* content, int directory, byte* path);

    [LibraryImport("libc", EntryPoint = "flistxattr", SetLastError = true)]
    private static partial nint ListAttributes(int fd, byte* names, nint size);

    [LibraryImport("libc", EntryPoint = "fgetxattr", SetLastError = true)]
    private static partial nint GetAttribute(int fd, byte* name, byte* value, nint size);

    [LibraryImport("libc", EntryPoint = "fsetxattr", SetLastError = true)]
    private static partial int SetAttribute(int fd, byte* name, byte* value, nint size, int flags);
}
