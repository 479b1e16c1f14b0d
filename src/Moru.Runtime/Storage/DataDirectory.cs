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
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else Directory.CreateDirectory(path, OwnerOnly);

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
}
