using System.Runtime.InteropServices;

namespace Moru.Envd;

/// <summary>One entry of a directory; the kind is a guess of the file system that may be missing.</summary>
internal readonly record struct DirectoryItem(EntryName Name, byte Kind)
{
    public const byte UnknownKind = 0, DirectoryKind = 4;
}

/// <summary>
/// An open directory, whose entries are reached from here and not by a path: a tree may be deeper than any path is long, and
/// whoever swaps a directory for a link meanwhile leads us nowhere.
/// </summary>
internal sealed unsafe partial class DirectoryHandle : IDisposable
{
    private const int BatchSize = 32 << 10;
    private const int HeaderLength = 19, LengthOffset = 16, KindOffset = 18;
    private const int RemoveDirectory = 0x200;

    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
    private static readonly int DirectoryOnly = Arm ? 0x4000 : 0x10000;
    private static readonly int NoLink = Arm ? 0x8000 : 0x20000;

    private int _fd;

    private DirectoryHandle(int fd) => _fd = fd;

    public int Descriptor => _fd;

    /// <summary>Opens a directory or a link to one; null with the reason in <see cref="Posix.LastError"/>.</summary>
    public static DirectoryHandle? OpenOrDefault(string path) => Opened(Posix.Open(path, Posix.ReadOnly | Posix.CloseOnExec | DirectoryOnly, 0));

    /// <summary>Opens a directory in this one; null with the reason in <see cref="Posix.LastError"/>.</summary>
    public DirectoryHandle? OpenOrDefault(EntryName name) => Opened(OpenFile(name, Posix.ReadOnly | DirectoryOnly, 0));

    /// <summary>Opens an entry that is not a link.</summary>
    /// <returns>The descriptor; negative with the reason in <see cref="Posix.LastError"/>.</returns>
    public int OpenFile(EntryName name, int flags, uint mode)
    {
        fixed (byte* path = name.Terminated) return OpenAt(_fd, path, flags | Posix.CloseOnExec | NoLink, mode);
    }

    /// <summary>Reads on from where the last call stopped. Empty at the end.</summary>
    public List<DirectoryItem> Read()
    {
        var buffer = stackalloc byte[BatchSize];
        var items = new List<DirectoryItem>();
        while (items.Count == 0)
        {
            var length = ReadEntries(_fd, buffer, BatchSize);
            // A directory that was removed under us has no entries.
            if (length == 0 || (length < 0 && Posix.LastError == Posix.NotFound)) break;
            if (length < 0) throw new IOException($"getdents64: {Posix.Describe(Posix.LastError)}");

            for (nint at = 0; at < length; at += *(ushort*)(buffer + at + LengthOffset))
            {
                var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(buffer + at + HeaderLength);
                if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8)) items.Add(new DirectoryItem(EntryName.Of(name), buffer[at + KindOffset]));
            }
        }

        return items;
    }

    public FileStatus? StatusOfLink(EntryName name) => FileStatus.Of(_fd, name, Posix.NoFollow);

    public FileStatus? Status(EntryName name) => FileStatus.Of(_fd, name, 0);

    /// <summary>Removes a file or an empty directory.</summary>
    /// <returns>0, or why not.</returns>
    public int Remove(EntryName name)
    {
        fixed (byte* path = name.Terminated)
        {
            if (UnlinkAt(_fd, path, 0) == 0) return 0;
            if (Posix.LastError is not Posix.IsDirectory and var error) return error;
            return UnlinkAt(_fd, path, RemoveDirectory) == 0 ? 0 : Posix.LastError;
        }
    }

    public void Dispose()
    {
        var fd = Interlocked.Exchange(ref _fd, -1);
        if (fd >= 0) Posix.Close(fd);
    }

    private static DirectoryHandle? Opened(int fd) => fd < 0 ? null : new DirectoryHandle(fd);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true)]
    private static partial int OpenAt(int directory, byte* path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "getdents64", SetLastError = true)]
    private static partial nint ReadEntries(int directory, byte* buffer, nint size);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true)]
    private static partial int UnlinkAt(int directory, byte* path, int flags);
}
