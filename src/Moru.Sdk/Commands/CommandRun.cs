using Moru.Protocol;

namespace Moru;

/// <summary>One foreground command from start to end. The agent lets processes outlive their requests, so giving up means killing.</summary>
internal sealed class CommandRun(SandboxConnection connection, string command, CommandOptions options)
{
    private static readonly TimeSpan KillPatience = TimeSpan.FromSeconds(5);

    private readonly OutputBuffer stdout = new(options.OutputLimit);
    private readonly OutputBuffer stderr = new(options.OutputLimit);
    private int? pid;
    private ProcessEnded? end;
    private bool overran;

    public async Task<CommandResult> ToEndAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var stream = new CancellationTokenSource();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (options.Timeout > TimeSpan.Zero)
            stop.CancelAfter(options.Timeout + connection.RequestTimeout); // envd keeps the time; this is for an envd that does not answer

        var events = connection.Envd.StartAsync(Request(), options.User, options.Timeout, stream.Token).GetAsyncEnumerator(CancellationToken.None);
        var next = Task.FromResult(false);
        try
        {
            while (true)
            {
                next = events.MoveNextAsync().AsTask();
                if (!await next.WaitAsync(stop.Token).ConfigureAwait(false)) break;
                Take(events.Current);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            overran = !cancellationToken.IsCancellationRequested;
            await KillAsync(events, next).ConfigureAwait(false);
            throw;
        }
        catch (Exception error) when (connection.Translate(error) is null)
        {
            await KillAsync(events, next).ConfigureAwait(false); // a callback failed; nobody waits for the command any more
            throw;
        }
        finally
        {
            await stream.CancelAsync().ConfigureAwait(false);
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await events.DisposeAsync().ConfigureAwait(false);
        }

        Flush();
        return end is null
            ? throw new SandboxException($"Sandbox '{connection.SandboxId}' did not say how the command ended.")
            : Result();
    }

    /// <summary>What a failure means to the caller; null leaves it as it is.</summary>
    public SandboxException? Translate(Exception error)
    {
        var deadline = error is ConnectException { Code: ConnectCode.DeadlineExceeded } || (error is OperationCanceledException && overran);
        return deadline
            ? new SandboxTimeoutException(
                $"The command ran longer than its timeout of {options.Timeout.TotalSeconds:0.###} s and was killed. Give it a longer timeout, or run it in the background.", error)
            {
                PartialResult = Result(),
            }
            : connection.Translate(error);
    }

    private StartRequest Request() => options.ToWire(command, stdin: false);

    private void Take(ProcessEvent happened)
    {
        if (happened.Start is { } start) pid = start.Pid;
        if (happened.Data?.Stdout is { } output) Report(options.OnStdout, stdout.Append(output.Span));
        if (happened.Data?.Stderr is { } errors) Report(options.OnStderr, stderr.Append(errors.Span));
        if (happened.End is { } ended) end = ended;
    }

    private void Flush()
    {
        Report(options.OnStdout, stdout.Append([], flush: true));
        Report(options.OnStderr, stderr.Append([], flush: true));
    }

    private static void Report(Action<string>? callback, string text)
    {
        if (text.Length > 0) callback?.Invoke(text);
    }

    private CommandResult Result() => new()
    {
        ExitCode = end?.ExitCode ?? -1,
        Stdout = stdout.ToString(),
        Stderr = stderr.ToString(),
        Error = end?.Error,
        StdoutDropped = stdout.Dropped,
        StderrDropped = stderr.Dropped,
    };

    /// <summary>Kills by process id, waiting shortly for it when the command was given up before it was known.</summary>
    private async Task KillAsync(IAsyncEnumerator<ProcessEvent> events, Task<bool> next)
    {
        using var patience = new CancellationTokenSource(KillPatience);
        try
        {
            if (pid is null && await next.WaitAsync(patience.Token).ConfigureAwait(false)) Take(events.Current);
            if (pid is { } known)
                await connection.Envd.SendSignalAsync(new ProcessSelector { Pid = known }, Signal.Kill, patience.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (error is ConnectException or HttpRequestException or IOException or OperationCanceledException)
        {
            // It has ended by itself, or its sandbox is out of reach and its own timeout will end it.
        }
    }
}
