using System.Collections.Immutable;
using System.Globalization;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>The processes started through envd that are not over yet.</summary>
internal sealed class ProcessTable(Launcher launcher, ProcessLog log, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<RunningProcess, Task> _running = [];
    private ImmutableList<RunningProcess> _byAge = [];

    /// <summary>A process has been started.</summary>
    public event Action? Started;

    /// <summary>Processes in the order of their start.</summary>
    public IReadOnlyList<RunningProcess> All => _byAge;

    /// <summary>Starts a process; the listener hears it from its first byte.</summary>
    /// <exception cref="LaunchException">The kernel refused.</exception>
    public (RunningProcess Process, OutputListener Listener) Start(Launch launch, ProcessConfig config, string? tag, TimeSpan? limit)
    {
        RunningProcess process;
        OutputListener listener;
        // One start at a time: the mark and the identity are lent to envd itself meanwhile. The gate also makes the reaper wait until a
        // process that ended at once is in the table.
        lock (_gate)
        {
            var launched = launcher.Start(launch);
            process = new RunningProcess(config, tag, launched, launch.Mark, new LoggedProcess(log, config, launch, launched.Pid), time);
            listener = process.Attach();
            _byAge = _byAge.Add(process);
            _running[process] = CarryAsync(process, limit);
        }

        Started?.Invoke();
        return (process, listener);
    }

    /// <summary>The newest process that the selector names.</summary>
    /// <exception cref="ConnectException">There is none, or the selector is empty.</exception>
    public RunningProcess Find(ProcessSelector? selector)
    {
        var (found, name) = selector switch
        {
            { Pid: { } pid } => (_byAge.FindLast(process => process.Pid == pid), $"pid {pid}"),
            { Tag: { } tag } => (_byAge.FindLast(process => process.Tag == tag), $"tag '{tag}'"),
            _ => throw new ConnectException(ConnectCode.InvalidArgument, "name a process by pid or by tag"),
        };
        return found ?? throw new ConnectException(ConnectCode.NotFound, $"process with {name} not found");
    }

    /// <summary>Collects an ended child, whether it is one of the table or an orphan that the kernel gave us.</summary>
    public unsafe void Collect(int pid)
    {
        RunningProcess? process;
        lock (_gate) process = _byAge.FindLast(candidate => candidate.Pid == pid && !candidate.HasExited);
        if (process is not null) process.Collect();
        else Posix.WaitPid(pid, null, Posix.NoHang);
    }

    private async Task CarryAsync(RunningProcess process, TimeSpan? limit)
    {
        await Task.Yield();
        try
        {
            await process.RunAsync(limit, time);
        }
        catch (IOException exception)
        {
            Log.Failure(string.Create(CultureInfo.InvariantCulture, $"process {process.Pid}"), exception);
        }
        finally
        {
            lock (_gate)
            {
                _byAge = _byAge.Remove(process);
                _running.Remove(process);
            }

            process.Dispose();
        }
    }
}
