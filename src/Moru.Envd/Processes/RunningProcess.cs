using Moru.Protocol;

namespace Moru.Envd;

/// <summary>One process started through envd, from its start until its output is over.</summary>
internal sealed class RunningProcess : IDisposable
{
    private const int PipeChunk = 32 << 10, TerminalChunk = 16 << 10;

    private readonly Launched _launched;
    private readonly ProcessMark _mark;
    private readonly LoggedProcess _log;
    private readonly OutputFanout _output;
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource<ExitStatus> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _cut = new();
    private readonly SemaphoreSlim _signalling = new(1);
    private volatile bool _signalled;

    public RunningProcess(ProcessConfig config, string? tag, Launched launched, ProcessMark mark, LoggedProcess log, TimeProvider time)
    {
        Config = config;
        Tag = tag;
        _launched = launched;
        _mark = mark;
        _log = log;
        _output = new OutputFanout(time);
        Input = new InputQueue(launched);
    }

    public ProcessConfig Config { get; }

    public string? Tag { get; }

    public int Pid => _launched.Pid;

    public InputQueue Input { get; }

    /// <summary>Whether its time ran out; true before the end event is published.</summary>
    public bool TimedOut { get; private set; }

    public bool HasExited => _exit.Task.IsCompleted;

    /// <summary>Completes when the process is over and collected; its output may go on.</summary>
    public Task Exited => _exit.Task;

    public OutputListener Attach() => _output.Attach();

    /// <summary>Carries output to the listeners until the process and its output are over.</summary>
    public async Task RunAsync(TimeSpan? limit, TimeProvider time)
    {
        using var deadline = limit is { } due ? time.CreateTimer(_ => TimeOut(), null, due, Timeout.InfiniteTimeSpan) : null;
        await (_launched is { Errors: { } errors }
            ? Task.WhenAll(
                PumpAsync(_launched.Output, PipeChunk, chunk => new ProcessData { Stdout = chunk }, _log.Stdout),
                PumpAsync(errors, PipeChunk, chunk => new ProcessData { Stderr = chunk }, _log.Stderr))
            : PumpAsync(_launched.Output, TerminalChunk, chunk => new ProcessData { Pty = chunk }, log: null));
        var status = await _exit.Task;
        // Whoever hears of the end may rely on it: a kill under way has reached the last descendant.
        await _signalling.WaitAsync();
        _signalling.Release();
        // Before the end is heard, so that a terminal is free for the next; and a listener that sleeps holds nothing open.
        Dispose();
        var end = status.ToWire();
        _log.End(end);
        await _output.CompleteAsync(new ProcessEvent { End = end });
    }

    /// <summary>Signals the whole process group; SIGKILL reaches descendants in other sessions too, and returns when they are gone.</summary>
    public void SendSignal(int signal)
    {
        _signalling.Wait();
        try
        {
            _signalled = true;
            if (signal == Posix.SigKill) Descendants.Kill(_mark, HasExited ? null : Pid);
            else if (HasExited) Descendants.Terminate(_mark);

            lock (_gate)
            {
                // Once collected, the number may belong to somebody else.
                if (!HasExited) Posix.Kill(-Pid, signal);
            }
        }
        finally
        {
            _signalling.Release();
        }

        CutIfOver();
    }

    /// <summary>Collects the ended process and remembers how it ended.</summary>
    public unsafe void Collect()
    {
        lock (_gate)
        {
            int status;
            if (Posix.WaitPid(Pid, &status, Posix.NoHang) == Pid) _exit.TrySetResult(new ExitStatus(status));
        }

        CutIfOver();
    }

    public void Dispose()
    {
        _launched.Output.Dispose();
        _launched.Errors?.Dispose();
        Input.Dispose();
        // Not _cut and _signalling: a signal may come at this very moment, and they hold nothing that needs freeing.
    }

    private void TimeOut()
    {
        TimedOut = true;
        SendSignal(Posix.SigKill);
    }

    // A descendant that outlives a signal may hold the pipes open for ever; nobody waits for it.
    private void CutIfOver()
    {
        if (_signalled && HasExited) _cut.Cancel();
    }

    private async Task PumpAsync(PipeEnd source, int chunkSize, Func<byte[], ProcessData> data, Action<ReadOnlyMemory<byte>>? log)
    {
        var buffer = new byte[chunkSize];
        try
        {
            while (await source.ReadAsync(buffer, _cut.Token) is var count and > 0) await CarryAsync(buffer[..count]);
        }
        catch (OperationCanceledException)
        {
            // What a full pipe can hold is still the process's own last words.
            for (var rest = 64 << 10; rest > 0 && source.TryRead(buffer, out var count) && count > 0; rest -= count) await CarryAsync(buffer[..count]);
        }

        Task CarryAsync(byte[] chunk)
        {
            log?.Invoke(chunk);
            return _output.PublishAsync(new ProcessEvent { Data = data(chunk) });
        }
    }
}
