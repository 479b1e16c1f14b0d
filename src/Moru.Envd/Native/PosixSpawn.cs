using System.Runtime.InteropServices;

namespace Moru.Envd;

/// <summary>What a process gets as its files 0, 1 and 2: descriptors of ours, or the terminal at a path.</summary>
internal readonly record struct StandardFiles(int Stdin, int Stdout, int Stderr)
{
    public StandardFiles(string terminal)
        : this(0, 0, 0) => Terminal = terminal;

    public string? Terminal { get; }
}

/// <summary>Starts one process with posix_spawn.</summary>
internal static unsafe partial class PosixSpawn
{
    private const short SetSignalDefaults = 0x04, SetSignalMask = 0x08, NewSession = 0x80;
    private const int StructSize = 512;

    /// <exception cref="LaunchException">The kernel refused.</exception>
    public static int Start(Launch launch, StandardFiles files)
    {
        var actions = stackalloc byte[StructSize];
        var attributes = stackalloc byte[StructSize];
        Must(InitActions(actions));
        Must(InitAttributes(attributes));
        try
        {
            AddStandardFiles(actions, files);
            Must(AddCloseFrom(actions, 3));
            Must(AddChangeDirectory(actions, launch.Directory));
            SetSession(attributes);

            using var arguments = new StringArray(launch.Arguments);
            using var environment = new StringArray([.. launch.Environment.Select(pair => $"{pair.Key}={pair.Value}")]);
            int pid;
            Must(SpawnProcess(&pid, launch.Executable, actions, attributes, arguments.Pointer, environment.Pointer));
            return pid;
        }
        finally
        {
            DestroyActions(actions);
            DestroyAttributes(attributes);
        }
    }

    private static void AddStandardFiles(byte* actions, StandardFiles files)
    {
        // A session's leader gets the terminal it opens first as its controlling one, which no duplicate would do.
        if (files.Terminal is { } path) Must(AddOpen(actions, 0, path, Posix.ReadWrite, 0));
        else Must(AddDuplicate(actions, files.Stdin, 0));
        Must(AddDuplicate(actions, files.Stdout, 1));
        Must(AddDuplicate(actions, files.Stderr, 2));
    }

    // A new session, and no signal blocked or ignored: .NET ignores SIGPIPE, and a child would go on doing so.
    private static void SetSession(byte* attributes)
    {
        var signals = stackalloc byte[StructSize];
        Must(EmptySignals(signals));
        Must(SetMask(attributes, signals));
        Must(FillSignals(signals));
        Must(SetDefaults(attributes, signals));
        Must(SetSpawnFlags(attributes, SetSignalDefaults | SetSignalMask | NewSession));
    }

    private static void Must(int error)
    {
        if (error != 0) throw new LaunchException(error);
    }

    [LibraryImport("libc", EntryPoint = "posix_spawn", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SpawnProcess(int* pid, string path, byte* actions, byte* attributes, byte** arguments, byte** environment);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    private static partial int InitActions(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    private static partial void DestroyActions(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    private static partial int AddDuplicate(byte* actions, int from, int to);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addopen", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int AddOpen(byte* actions, int fd, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addclosefrom_np")]
    private static partial int AddCloseFrom(byte* actions, int first);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addchdir_np", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int AddChangeDirectory(byte* actions, string path);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    private static partial int InitAttributes(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    private static partial void DestroyAttributes(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    private static partial int SetSpawnFlags(byte* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    private static partial int SetMask(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    private static partial int SetDefaults(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "sigemptyset")]
    private static partial int EmptySignals(byte* signals);

    [LibraryImport("libc", EntryPoint = "sigfillset")]
    private static partial int FillSignals(byte* signals);
}
