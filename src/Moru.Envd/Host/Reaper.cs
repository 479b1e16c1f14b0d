namespace Moru.Envd;

/// <summary>
/// Collects every child that ends: processes of ours, and orphans, which the kernel gives to PID 1. Two collectors in one process would
/// steal each other's children, so neither System.Diagnostics.Process nor a registration for SIGCHLD may be used in envd: as PID 1,
/// .NET answers the signal by collecting everybody.
/// </summary>
internal sealed class Reaper
{
    private const int AnyChild = 0, Exited = 4, Peek = 0x0100_0000;
    private const int PidIndex = 4;

    // How long an orphan that came from outside, such as one of `docker exec`, may stay uncollected while we have no child of our own.
    private static readonly TimeSpan OrphanPatience = TimeSpan.FromSeconds(1);

    private readonly ProcessTable _processes;
    private readonly object _gate = new();
    private bool _childStarted;

    private Reaper(ProcessTable processes)
    {
        _processes = processes;
        _processes.Started += Wake;
    }

    /// <summary>Collects for as long as envd lives.</summary>
    public static void Start(ProcessTable processes) => new Thread(new Reaper(processes).Run) { IsBackground = true, Name = "reaper" }.Start();

    private void Run()
    {
        while (true)
        {
            if (WaitForEnded() is { } pid) _processes.Collect(pid);
            else WaitForStart();
        }
    }

    private void Wake()
    {
        lock (_gate)
        {
            _childStarted = true;
            Monitor.Pulse(_gate);
        }
    }

    private void WaitForStart()
    {
        lock (_gate)
        {
            if (!_childStarted) Monitor.Wait(_gate, OrphanPatience);
            _childStarted = false;
        }
    }

    private static unsafe int? WaitForEnded()
    {
        var info = stackalloc int[32];
        while (true)
        {
            // Only a look: the pid must stay taken until the table knows, or a signal could reach a stranger.
            if (Posix.WaitId(AnyChild, 0, info, Exited | Peek) == 0) return info[PidIndex];
            if (Posix.LastError == Posix.NoChild) return null;
        }
    }
}
