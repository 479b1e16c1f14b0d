using Moru.Protocol;

namespace Moru.Runtime;

/// <summary>Runs a template's start command in a sandbox and waits until its ready command succeeds. The start command goes on after that.</summary>
internal sealed class StartupCommands(EnvdClient agent, string user, string? workdir, IReadOnlyDictionary<string, string> env)
{
    private const int KeptOutput = 2000;

    private static readonly TimeSpan OneCheck = TimeSpan.FromMinutes(1);

    /// <summary>Returns when the ready command has succeeded, or the start command has ended well.</summary>
    /// <param name="start">Null: nothing is started.</param>
    /// <param name="ready">Null: it counts as ready once it is started.</param>
    /// <param name="pause">Time between two checks.</param>
    /// <param name="onLine">Told every line that the start command writes until it is ready.</param>
    /// <param name="cancellationToken">The bound.</param>
    /// <exception cref="RuntimeException"><see cref="RuntimeError.StartFailed"/>: the start command failed.</exception>
    public async Task RunAsync(string? start, string? ready, TimeSpan pause, Action<bool, string>? onLine, CancellationToken cancellationToken)
    {
        using var listening = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var startEnd = start is null ? NeverAsync(listening.Token) : FollowAsync(start, running, onLine, listening.Token);
        try
        {
            if (start is not null) await await Task.WhenAny(running.Task, startEnd);
            while (ready is not null)
            {
                var check = CheckAsync(ready, listening.Token);
                if (await Task.WhenAny(startEnd, check) == startEnd || startEnd.IsCompleted)
                {
                    await startEnd;
                    return;
                }

                if (await check) return;
                await Task.WhenAny(startEnd, Task.Delay(pause, listening.Token));
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            await listening.CancelAsync();
            await startEnd.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static Task NeverAsync(CancellationToken cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken);

    private async Task FollowAsync(string command, TaskCompletionSource running, Action<bool, string>? onLine, CancellationToken cancellationToken)
    {
        var tail = "";
        var output = new OutputLines((isError, line) =>
        {
            tail = (tail + "\n" + line) is { Length: > KeptOutput } longer ? longer[^KeptOutput..] : tail + "\n" + line;
            onLine?.Invoke(isError, line);
        });
        try
        {
            await foreach (var happened in agent.StartAsync(Shell(command), user, timeout: null, cancellationToken))
            {
                running.TrySetResult();
                output.Take(happened);
                if (happened.End is { } end && (end.ExitCode != 0 || !end.Exited)) throw Failed(command, end.Status + tail.TrimEnd());
            }
        }
        catch (ConnectException refused)
        {
            throw Failed(command, $"command failed: {refused.Code.Name()}: {refused.Message}");
        }
    }

    private async Task<bool> CheckAsync(string command, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var happened in agent.StartAsync(Shell(command), user, OneCheck, cancellationToken))
                if (happened.End is { } end) return end is { Exited: true, ExitCode: 0 };
            return false;
        }
        catch (ConnectException late) when (late.Code is ConnectCode.DeadlineExceeded)
        {
            return false;
        }
        catch (ConnectException refused)
        {
            throw Failed(command, $"command failed: {refused.Code.Name()}: {refused.Message}");
        }
    }

    private StartRequest Shell(string command) => new()
    {
        Process = new ProcessConfig { Cmd = "/bin/bash", Args = ["-l", "-c", command], Cwd = workdir, Envs = env }, Stdin = false,
    };

    private static RuntimeException Failed(string command, string problem) => new(RuntimeError.StartFailed, $"failed to run command '{command}': {problem}");
}
