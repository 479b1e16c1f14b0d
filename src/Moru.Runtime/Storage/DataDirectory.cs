using System.Runtime.Versioning;

namespace Moru.Runtime;

/// <summary>The directory that belongs to one runtime at a time. The lock ends with the process, however that ends.</summary>
internal sealed class DataDirectory : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly FileStream held;

    private DataDirectory(string path, FileStream held)
    {
        Path = path;
        this.held = held;
    }

    public string Path { get; }

    /// <exception cref="RuntimeException"><see cref="RuntimeError.DataDirectoryInUse"/>: another runtime has it open.</exception>
    public static DataDirectory Open(string path)
    {
        path = System.IO.Path.GetFullPath(path);
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, OwnerOnly);
            Close(path);
        }

        var lockFile = System.IO.Path.Combine(path, "lock");
        try
        {
            // FileShare.None is flock(2) on Unix: the kernel drops it when the holder dies.
            return new DataDirectory(path, new FileStream(lockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException held) when (File.Exists(lockFile))
        {
            throw new RuntimeException(
                RuntimeError.DataDirectoryInUse, "Another Moru server is using this data directory; attach to it, or use another directory.", held);
        }
    }

    public void Dispose() => held.Dispose();

    /// <summary>Takes from others what a directory that was there before let them see: the store holds what access tokens are made of.</summary>
    [UnsupportedOSPlatform("windows")]
    private static void Close(string path)
    {
        try
        {
            if (File.GetUnixFileMode(path) != OwnerOnly) File.SetUnixFileMode(path, OwnerOnly);
        }
        catch (UnauthorizedAccessException)
        {
            // It is somebody else's, who lets us write there; the files are ours.
        }
    }
}
