using System.Runtime.InteropServices;

namespace Moru.Envd;

/// <summary>
/// Collects every child that ends: processes of ours, and orphans, which the kernel gives to PID 1. Two collectors in one process would
/// steal each other's children, so System.Diagnostics.Process must not be used in envd.
/// </summary>
internal sealed class Reaper : IDisposable
{
    private const int AnyChild = 0, Exited = 4, Peek = 0x0100_0000;
    private const int PidIndex = 4;

    private readonly ProcessTable _processes;
    private readonly AutoResetEvent _childEnded = new(false);
    private readonly PosixSignalRegistration _signal;

    public Reaper(ProcessTable processes)
    {
        _processes = processes;
        _processes.Started += () => _childEnded.Set();
        _signal = PosixSignalRegistration.Create(PosixSignal.SIGCHLD, _ => _childEnded.Set());
        new Thread(Run) { IsBackground = true, Name = "reaper" }.Start();
    }

    public void Dispose() => _signal.Dispose();

    private void Run()
    {
        while (true)
        {
            if (WaitForEnded() is { } pid) _processes.Collect(pid);
            // No child at all. The next one is started by us, or is an orphan of `docker exec` that ends.
            else _childEnded.WaitOne();
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
