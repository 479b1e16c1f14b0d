using Microsoft.Win32.SafeHandles;

namespace Moru.Envd;

/// <summary>Opens regular files and nothing else. Opening a pipe or a device could block or have effects.</summary>
internal static class RegularFile
{
    private const int Common = Posix.CloseOnExec | Posix.NonBlocking | Posix.NoControllingTerminal;

    /// <exception cref="Moru.Protocol.ConnectException">It is not there, not a regular file, or not readable.</exception>
    public static SafeFileHandle OpenRead(string path, out FileStatus status) => Open(path, Posix.ReadOnly | Common, out status);

    /// <summary>Opens a file to be replaced, makes it when it is missing, and gives it to the user.</summary>
    /// <exception cref="Moru.Protocol.ConnectException">Something else stands there, or the disk is full.</exception>
    public static ReplacedFile Create(string path, User owner)
    {
        var handle = Open(path, Posix.WriteOnly | Posix.Create | Common, out var status);
        if (Posix.ChangeOwner((int)handle.DangerousGetHandle(), owner.Uid, owner.Gid) == 0) return new ReplacedFile(handle, path, status.Size);
        var error = Posix.LastError;
        handle.Dispose();
        throw FileFailure.Of(error, path);
    }

    /// <summary>Makes the directories above <paramref name="path"/> that are missing, as the user's own.</summary>
    public static void MakeParents(string path, User owner)
    {
        for (var slash = path.IndexOf('/', 1); slash > 0; slash = path.IndexOf('/', slash + 1))
        {
            var parent = path[..slash];
            if (Posix.MakeDirectory(parent, 0b111_101_101) == 0)
            {
                if (Posix.ChangeOwner(parent, owner.Uid, owner.Gid) < 0) throw FileFailure.Of(Posix.LastError, path);
            }
            else if (Posix.LastError is not Posix.Exists and var error && FileStatus.Of(parent) is not { IsDirectory: true })
            {
                throw FileFailure.Of(error, path);
            }
        }
    }

    private static SafeFileHandle Open(string path, int flags, out FileStatus status)
    {
        var fd = Posix.Open(path, flags, 0b110_110_110);
        if (fd < 0) throw FileFailure.Of(Posix.LastError, path);

        var handle = new SafeFileHandle(fd, ownsHandle: true);
        status = FileStatus.Of(fd) ?? default;
        if (status.IsRegular) return handle;
        var directory = status.IsDirectory;
        handle.Dispose();
        throw directory ? FileFailure.Of(Posix.IsDirectory, path) : FileFailure.NotRegular(path);
    }
}
