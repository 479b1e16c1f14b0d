namespace Moru.Envd;

/// <summary>Everything the kernel must know to start a process.</summary>
internal sealed record Launch
{
    public required string Executable { get; init; }

    public required IReadOnlyList<string> Arguments { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public required string Directory { get; init; }

    public required User User { get; init; }

    /// <summary>Whether stdin is a pipe; <c>/dev/null</c> otherwise. A terminal is its process's stdin in any case.</summary>
    public required bool Stdin { get; init; }

    /// <summary>Size of the terminal to run in; null: pipes.</summary>
    public TerminalSize? Terminal { get; init; }

    public required ProcessMark Mark { get; init; }
}

/// <summary>A started process and our ends of its pipes, or of its terminal.</summary>
/// <param name="Pid">Its process id.</param>
/// <param name="Output">Its stdout, or what its terminal shows.</param>
/// <param name="Errors">Its stderr; null with a terminal.</param>
/// <param name="Input">Its stdin, or its terminal's keyboard.</param>
/// <param name="HasTerminal">Whether it runs in a terminal.</param>
internal sealed record Launched(int Pid, PipeEnd Output, PipeEnd? Errors, PipeEnd? Input, bool HasTerminal);

/// <summary>Starts processes, each in a session of its own.</summary>
internal sealed unsafe class Launcher(Poller poller)
{
    /// <exception cref="LaunchException">The kernel refused.</exception>
    public Launched Start(Launch launch)
    {
        var open = new List<int>();
        try
        {
            return launch.Terminal is { } size ? StartInTerminal(launch, size, open) : StartWithPipes(launch, open);
        }
        finally
        {
            foreach (var fd in open) Posix.Close(fd);
        }
    }

    private Launched StartWithPipes(Launch launch, List<int> open)
    {
        var input = launch.Stdin ? MakePipe(open, launch.User) : (Read: OpenNull(open), Write: -1);
        var output = MakePipe(open, launch.User);
        var errors = MakePipe(open, launch.User);
        var pid = Spawn(launch, new StandardFiles(input.Read, output.Write, errors.Write));
        return new Launched(pid, Keep(output.Read, open), Keep(errors.Read, open), launch.Stdin ? Keep(input.Write, open) : null, HasTerminal: false);
    }

    private Launched StartInTerminal(Launch launch, TerminalSize size, List<int> open)
    {
        var (master, slave) = Terminal.Open(launch.User, size, open);
        // Two descriptors, since one of them can wait for one thing at a time only.
        var keyboard = Posix.FileControl(master, Posix.DuplicateCloseOnExec, 0);
        if (keyboard < 0) throw new LaunchException(Posix.LastError);
        open.Add(keyboard);
        var pid = Spawn(launch, new StandardFiles(slave));
        return new Launched(pid, Keep(master, open), Errors: null, Keep(keyboard, open), HasTerminal: true);
    }

    private static int Spawn(Launch launch, StandardFiles files)
    {
        int pid;
        using (launch.Mark.Inherit())
        using (OomScore.Inherit())
        using (Identity.Assume(launch.User))
            pid = PosixSpawn.Start(launch, files);

        OomScore.Raise(pid);
        return pid;
    }

    private PipeEnd Keep(int fd, List<int> open)
    {
        open.Remove(fd);
        return PipeEnd.Own(fd, poller);
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
}

/// <summary>The kernel refused to start a process.</summary>
internal sealed class LaunchException(int error) : Exception(Posix.Describe(error))
{
    public int Error { get; } = error;

    /// <summary>Whether it was a terminal that could not be had.</summary>
    public bool NeedsTerminal { get; init; }
}
