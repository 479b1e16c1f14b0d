using System.Runtime.InteropServices;

namespace Moru.Envd;

/// <summary>Everything the kernel must know to start a process.</summary>
internal sealed record Launch
{
    public required string Executable { get; init; }

    public required IReadOnlyList<string> Arguments { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public required string Directory { get; init; }

    public required User User { get; init; }

    /// <summary>Whether stdin is a pipe; <c>/dev/null</c> otherwise.</summary>
    public required bool Stdin { get; init; }

    public required ProcessMark Mark { get; init; }
}

/// <summary>A started process and our ends of its pipes.</summary>
internal sealed record Launched(int Pid, PipeEnd Stdout, PipeEnd Stderr, PipeEnd? Stdin);

/// <summary>Starts processes with posix_spawn, each in a session of its own.</summary>
internal sealed unsafe partial class Launcher(Poller poller)
{
    private const short SetSignalDefaults = 0x04, SetSignalMask = 0x08, NewSession = 0x80;
    private const int StructSize = 512;

    /// <exception cref="LaunchException">The kernel refused.</exception>
    public Launched Start(Launch launch)
    {
        var open = new List<int>();
        try
        {
            var input = launch.Stdin ? MakePipe(open, launch.User) : (Read: OpenNull(open), Write: -1);
            var output = MakePipe(open, launch.User);
            var error = MakePipe(open, launch.User);
            int pid;
            using (launch.Mark.Inherit())
            using (Identity.Assume(launch.User))
                pid = Spawn(launch, input.Read, output.Write, error.Write);

            return new Launched(pid, Keep(output.Read), Keep(error.Read), launch.Stdin ? Keep(input.Write) : null);

            PipeEnd Keep(int fd)
            {
                open.Remove(fd);
                return PipeEnd.Own(fd, poller);
            }
        }
        finally
        {
            foreach (var fd in open) Posix.Close(fd);
        }
    }

    private static int Spawn(Launch launch, int stdin, int stdout, int stderr)
    {
        var actions = stackalloc byte[StructSize];
        var attributes = stackalloc byte[StructSize];
        Must(InitActions(actions));
        Must(InitAttributes(attributes));
        try
        {
            Must(AddDuplicate(actions, stdin, 0));
            Must(AddDuplicate(actions, stdout, 1));
            Must(AddDuplicate(actions, stderr, 2));
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

    private static (int Read, int Write) MakePipe(List<int> open, User user)
    {
        var ends = stackalloc int[2];
        if (Posix.Pipe(ends, Posix.CloseOnExec) < 0) throw new LaunchException(Posix.LastError);
        open.Add(ends[0]);
        open.Add(ends[1]);
        // Programs reopen their output by name (/dev/stdout), and only the pipe's owner may.
        Posix.ChangeOwner(ends[0], user.Uid, user.Gid);
        return (ends[0], ends[1]);
    }

    private static int OpenNull(List<int> open)
    {
        var fd = Posix.Open("/dev/null", Posix.ReadOnly | Posix.CloseOnExec, 0);
        if (fd < 0) throw new LaunchException(Posix.LastError);
        open.Add(fd);
        return fd;
    }

    [LibraryImport("libc", EntryPoint = "posix_spawn", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SpawnProcess(int* pid, string path, byte* actions, byte* attributes, byte** arguments, byte** environment);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    private static partial int InitActions(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    private static partial void DestroyActions(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    private static partial int AddDuplicate(byte* actions, int from, int to);

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

/// <summary>The kernel refused to start a process.</summary>
internal sealed class LaunchException(int error) : Exception(Posix.Describe(error))
{
    public int Error { get; } = error;
}
