using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using static Moru.Runtime.VolumeLibc;

namespace Moru.Runtime;

/// <summary>
/// An open directory of a volume. Every entry is reached from here by one name and never through a link, so that whatever a sandbox
/// swaps meanwhile, what is opened is in the volume: names only lead down, and nothing can be moved or linked across its mount.
/// </summary>
internal sealed unsafe class VolumeDirectory : IDisposable
{
    private const int BatchSize = 32 << 10, HeaderLength = 19, LengthOffset = 16;

    private readonly SafeFileHandle handle;

    // For what failures say alone.
    private readonly VolumeDirectory? parent;
    private readonly byte[] name;

    private VolumeDirectory(SafeFileHandle handle, VolumeDirectory? parent, byte[] name)
    {
        this.handle = handle;
        this.parent = parent;
        this.name = name;
    }

    /// <summary>Opens a directory that is the server's own.</summary>
    public static VolumeDirectory Open(string path)
    {
        var handle = VolumeLibc.Open(path, ReadOnly | DirectoryOnly | NoFollow | CloseOnExec, 0);
        return handle.IsInvalid ? throw Failure("the volume", LastError) : new VolumeDirectory(handle, null, []);
    }

    /// <summary>Opens this directory once more, to be read from its beginning.</summary>
    public VolumeDirectory OpenAgain()
    {
        var again = OpenEntry("."u8.ToArray(), ReadOnly | DirectoryOnly);
        return again.IsInvalid ? throw Failure($"'{Path}'", LastError) : new VolumeDirectory(again, parent, name);
    }

    /// <summary>Opens a directory in this one.</summary>
    /// <returns>Null when there is none of this name.</returns>
    /// <exception cref="RuntimeException">It is something else.</exception>
    public VolumeDirectory? OpenOrDefault(byte[] name)
    {
        var child = OpenEntry(name, ReadOnly | DirectoryOnly);
        if (!child.IsInvalid) return new VolumeDirectory(child, this, name);
        return LastError is NotFound ? null : throw Failed(name);
    }

    /// <summary>Opens a directory in this one, which is made when it is missing and belongs to whom this one belongs.</summary>
    public VolumeDirectory OpenOrMake(byte[] name)
    {
        fixed (byte* path = Terminated(name))
        {
            var made = MakeDirectoryAt(handle, path, 0b111_101_101) == 0;
            if (!made && LastError is not Exists) throw Failed(name);
            var child = OpenOrDefault(name) ?? throw Failed(name);
            if (made) Adopt(child.handle, 0b111_101_101, 0b111_111_111);
            return child;
        }
    }

    public Status? StatusOrDefault(byte[] name)
    {
        Status status;
        fixed (byte* path = Terminated(name))
        {
            if (StatusAt(handle, path, NoFollowStatus, BasicStatus, &status) == 0) return status;
        }

        return LastError is NotFound ? null : throw Failed(name);
    }

    public Status Status() => StatusOf(handle);

    /// <summary>Opens a regular file to read. It is looked at before it is opened, since opening alone can hang or do things.</summary>
    public SafeFileHandle OpenFile(byte[] name)
    {
        using var found = OpenEntry(name, PathOnly);
        if (found.IsInvalid) throw Failed(name);
        var status = StatusOf(found);
        if (status.IsDirectory) throw new RuntimeException(RuntimeError.InvalidArgument, $"'{PathOf(name)}' is a directory.");
        if (!status.IsRegular) throw new RuntimeException(RuntimeError.InvalidArgument, $"'{PathOf(name)}' is a symbolic link or a special file; only regular files can be read.");

        // The kernel's own link to what was looked at. Without O_NONBLOCK a lease on the file would make the open wait.
        var path = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{found.DangerousGetHandle()}");
        var file = VolumeLibc.Open(path, ReadOnly | NonBlocking | CloseOnExec, 0);
        return file.IsInvalid ? throw Failed(name) : file;
    }

    /// <summary>Makes a file that did not exist, to write.</summary>
    public SafeFileHandle CreateFile(byte[] name)
    {
        var file = OpenEntry(name, WriteOnly | VolumeLibc.Create | Exclusive, 0b110_000_000);
        return file.IsInvalid ? throw Failed(name) : file;
    }

    /// <summary>Lets whoever owns this directory write the new file or directory too; where the server cannot give it away, everybody.</summary>
    public void Adopt(SafeFileHandle made, uint mode, uint openMode)
    {
        var owner = Status();
        var given = EffectiveUser() == 0 && ChangeOwner(made, owner.Uid, owner.Gid) == 0;
        if (ChangeMode(made, given ? mode : openMode) != 0) throw Failure("the volume", LastError);
    }

    /// <summary>Gives the directory to a user, if the server may, and lets all others write too: the users of a sandbox trust each other.</summary>
    public void GiveAway(uint user)
    {
        if (EffectiveUser() == 0) _ = ChangeOwner(handle, user, user);
        if (ChangeMode(handle, 0b111_111_111) != 0) throw Failure("the volume", LastError);
    }

    /// <summary>Moves an entry, whatever it is, over whatever is there, as rename(2) does.</summary>
    /// <returns>0, or why not.</returns>
    public int Move(byte[] name, VolumeDirectory target, byte[] newName)
    {
        fixed (byte* from = Terminated(name))
        fixed (byte* to = Terminated(newName))
            return RenameAt(handle, from, target.handle, to) == 0 ? 0 : LastError;
    }

    /// <summary>Removes a file, a link or an empty directory.</summary>
    /// <returns>0, or why not.</returns>
    public int Remove(byte[] name)
    {
        fixed (byte* path = Terminated(name))
        {
            if (UnlinkAt(handle, path, 0) == 0) return 0;
            if (LastError is not IsDirectory and var error) return error;
            return UnlinkAt(handle, path, VolumeLibc.RemoveDirectory) == 0 ? 0 : LastError;
        }
    }

    /// <summary>Writes the directory's entries to disk.</summary>
    public void Sync() => _ = VolumeLibc.Sync(handle);

    /// <summary>Reads on from where the last call stopped. Empty at the end.</summary>
    public List<byte[]> Read()
    {
        var buffer = stackalloc byte[BatchSize];
        var names = new List<byte[]>();
        while (names.Count == 0)
        {
            var length = ReadEntries(handle, buffer, BatchSize);
            // A directory that was removed under us has no entries.
            if (length == 0 || (length < 0 && LastError is NotFound)) break;
            if (length < 0) throw Failure("a directory", LastError);
            for (nint at = 0; at < length; at += *(ushort*)(buffer + at + LengthOffset))
            {
                var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(buffer + at + HeaderLength);
                if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8)) names.Add(name.ToArray());
            }
        }

        return names;
    }

    public void Dispose() => handle.Dispose();

    /// <summary>A name that nothing in a directory of the server's own has.</summary>
    public static byte[] NewName() => Encoding.ASCII.GetBytes(RandomNumberGenerator.GetHexString(24, lowercase: true));

    public static string Text(byte[] name) => Encoding.UTF8.GetString(name);

    /// <summary>Says why the kernel refused, without a path of this host.</summary>
    public static RuntimeException Failure(string what, int error) => error switch
    {
        NotFound => new(RuntimeError.VolumeFileNotFound, $"{what} does not exist in the volume."),
        NotDirectory or Loop => new(RuntimeError.InvalidArgument, $"{what} is no directory; a path may not lead through files or symbolic links."),
        IsDirectory => new(RuntimeError.InvalidArgument, $"{what} is a directory."),
        NameTooLong => new(RuntimeError.InvalidArgument, $"{what} is too long a name."),
        NoSpace or QuotaExceeded => new(RuntimeError.VolumeFull, "The volume is full; delete files or use another volume."),
        WouldBlock => new(RuntimeError.Conflict, $"{what} is held by a process in a sandbox; try again when it has let go."),
        AccessDenied or NotPermitted => new(
            RuntimeError.VolumeUnusable, $"{what} belongs to a user that the server may not act for; change its mode in a sandbox, or run the server as root."),
        _ => new(RuntimeError.VolumeUnusable, $"{what} could not be used: {Marshal.GetPInvokeErrorMessage(error)}."),
    };

    private string Path => parent is null ? "/" : parent.PathOf(name);

    private string PathOf(byte[] entry) => parent is null ? "/" + Text(entry) : $"{Path}/{Text(entry)}";

    private RuntimeException Failed(byte[] entry) => Failure($"'{PathOf(entry)}'", LastError);

    private SafeFileHandle OpenEntry(byte[] name, int flags, uint mode = 0)
    {
        fixed (byte* path = Terminated(name)) return OpenAt(handle, path, flags | NoFollow | CloseOnExec, mode);
    }

    private static Status StatusOf(SafeFileHandle file)
    {
        Status status;
        byte empty = 0;
        return StatusAt(file, &empty, EmptyPath, BasicStatus, &status) == 0 ? status : throw Failure("the volume", LastError);
    }

    private static byte[] Terminated(byte[] name) => [.. name, 0];
}
