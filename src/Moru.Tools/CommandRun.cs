using System.Diagnostics;
using Moru.Protocol;

namespace Moru.Tools;

/// <summary>One command from its start until it has ended or goes on without its caller.</summary>
internal sealed class CommandRun(Sandbox sandbox, string? sandboxId, IProgress<string>? progress)
{
    /// <summary>For our own scripts: root may read what any user's command wrote.</summary>
    public static readonly CommandOptions AsRoot = new() { User = "root", Cwd = "/", OutputLimit = 1 << 20 };

    private static readonly TimeSpan ScriptPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FollowAfter = TimeSpan.FromSeconds(0.5);

    public async Task<CommandOutput> ToEndAsync(string script, CommandOptions options, TimeSpan wait, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        await using var handle = await StartAsync(script, options);
        try
        {
            return await FromStartAsync(handle, options, wait, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await KillAsync(handle);
            throw;
        }
        catch (SandboxException lost)
        {
            return await GoOnAsync(handle.Pid, wait - Stopwatch.GetElapsedTime(started), lost, cancellationToken);
        }
    }

    /// <summary>Reads what a command has written, waiting for its end, as much as a budget of bytes allows.</summary>
    /// <exception cref="ToolException">There is no such command.</exception>
    public static async Task<CommandOutput> ReadAsync(
        Sandbox sandbox, int pid, OutputCursor? from, TimeSpan wait, string? sandboxId, CancellationToken cancellationToken, int budget = CommandReport.Budget)
    {
        var options = AsRoot with { Timeout = wait + ScriptPatience };
        var answer = await sandbox.Commands.RunAsync(CommandScript.Read(pid, from, budget, (int)wait.TotalSeconds), options, cancellationToken);
        if (CommandReport.Parse(answer.Stdout, from, out var others) is { } report) return CommandOutput.From(pid, report, page: from is not null, sandboxId, budget);

        var known = others.Count == 0 ? "None was started there yet" : $"Commands there, newest first: {string.Join(", ", others)}";
        throw new ToolException($"There is no command {pid} in sandbox {sandbox.SandboxId}, or it ended long ago. {known}. `pid` is what run_command returned for a command that still ran or whose output was cut.");
    }

    /// <summary>Prints of a command that runs go to <paramref name="progress"/>, the newest line at a time, until what is returned is disposed of.</summary>
    public static async Task<IAsyncDisposable?> FollowAsync(Sandbox sandbox, int pid, IProgress<string> progress)
    {
        try
        {
            var options = AsRoot with { Timeout = TimeSpan.FromSeconds(CommandTools.MaxWaitSeconds), OnStdout = text => progress.Report(CleanText.OfOutput(text).TrimEnd('\n')) };
            return new Follower(await sandbox.Commands.StartAsync(CommandScript.Follow(pid), options, CancellationToken.None));
        }
        catch (SandboxException)
        {
            return null; // the sandbox is full or gone; the command itself will tell
        }
    }

    private async Task<CommandOutput> FromStartAsync(CommandHandle handle, CommandOptions options, TimeSpan wait, CancellationToken cancellationToken)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (wait == TimeSpan.Zero) return CommandOutput.Started(handle.Pid, sandboxId);
            var result = await WaitAsync(handle, wait, cancellationToken);
            return CommandOutput.WholeOrDefault(result) ?? await ReadAsync(sandbox, handle.Pid, null, ScriptPatience, sandboxId, cancellationToken);
        }
        catch (TimeoutException)
        {
            return await ReadAsync(sandbox, handle.Pid, null, TimeSpan.Zero, sandboxId, cancellationToken);
        }
        catch (SandboxTimeoutException error) when (error.InnerException is ConnectException { Code: ConnectCode.DeadlineExceeded })
        {
            var output = await ReadAsync(sandbox, handle.Pid, null, TimeSpan.Zero, sandboxId, cancellationToken);
            var seconds = options.Timeout.TotalSeconds;
            return output with
            {
                TimedOut = true,
                Note = $"Killed after {seconds:0} s (timeout_seconds), with everything it had started. Call it again with a larger timeout_seconds, or without one: then it goes on in the background. {output.WhereCut}".TrimEnd(),
            };
        }
    }

    /// <summary>
    /// Looks for a command that runs on or has ended while the connection to it was lost. It is never started a second time: nobody knows how
    /// far it came.
    /// </summary>
    private async Task<CommandOutput> GoOnAsync(int pid, TimeSpan wait, SandboxException lost, CancellationToken cancellationToken)
    {
        var state = await SessionSandbox.StateOrDefaultAsync(sandbox, cancellationToken);
        try
        {
            if (state == SandboxState.Running) return await ReadAsync(sandbox, pid, null, wait > TimeSpan.Zero ? wait : TimeSpan.Zero, sandboxId, cancellationToken);
        }
        catch (SandboxException again)
        {
            (state, lost) = (await SessionSandbox.StateOrDefaultAsync(sandbox, cancellationToken), again);
        }

        var next = ToolCall.Write("read_output", ("pid", pid), ("wait_seconds", 30), ("sandbox_id", sandboxId));
        throw new ToolException(
            state switch
            {
                null => $"Sandbox {sandbox.SandboxId} ended while the command ran (it was killed, or its timeout ended it), so its output and files are lost. {(sandboxId is null ? "The next call without sandbox_id makes a new sandbox" : "Make another with create_sandbox")}.",
                SandboxState.Paused => $"Sandbox {sandbox.SandboxId} was paused while the command ran. It goes on as process {pid} when a tool uses the sandbox: {next}.",
                _ => $"The connection to sandbox {sandbox.SandboxId} broke off while the command ran. See how it goes on as process {pid}: {next}.",
            },
            lost);
    }

    // Not cancellable: a start that was given up half-way would leave a command that nobody knows of.
    private async Task<CommandHandle> StartAsync(string script, CommandOptions options)
    {
        try
        {
            return await sandbox.Commands.StartAsync(script, options, CancellationToken.None);
        }
        catch (AuthenticationException error) when (options.User is { } user)
        {
            throw new ToolException($"There is no user '{user}' in sandbox {sandbox.SandboxId}. Leave out `user` to run as `user`, or give `root`.", error);
        }
        catch (InvalidArgumentException error) when (error.Message.Contains("cwd", StringComparison.Ordinal))
        {
            throw new ToolException(
                options.Cwd is { } cwd
                    ? $"There is no directory '{cwd}' in sandbox {sandbox.SandboxId}. Make it first (`mkdir -p`), or leave out `cwd` to start in the home directory."
                    : $"The home directory of sandbox {sandbox.SandboxId} is gone. Make it again with {ToolCall.Write("run_command", ("command", "sudo mkdir -p ~ && sudo chown $USER ~"), ("cwd", "/"), ("sandbox_id", sandboxId))}.",
                error);
        }
    }

    private async Task<CommandResult> WaitAsync(CommandHandle handle, TimeSpan wait, CancellationToken cancellationToken)
    {
        var end = EndAsync(handle);
        if (progress is null) return await end.WaitAsync(wait, cancellationToken);

        await ((Task)end).WaitAsync(FollowAfter, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (end.IsCompleted || cancellationToken.IsCancellationRequested) return await end.WaitAsync(cancellationToken);
        await using var follower = await FollowAsync(sandbox, handle.Pid, progress);
        return await end.WaitAsync(wait, cancellationToken);
    }

    private static async Task<CommandResult> EndAsync(CommandHandle handle)
    {
        try
        {
            return await handle.WaitAsync(CancellationToken.None);
        }
        catch (CommandExitException exit)
        {
            return exit.Result;
        }
    }

    /// <summary>Kills it, unless it cannot be reached.</summary>
    public static async Task KillAsync(CommandHandle handle)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            await handle.KillAsync(patience.Token);
        }
        catch (Exception error) when (error is SandboxException or OperationCanceledException)
        {
            // Its sandbox is gone or out of reach.
        }
    }

    private sealed class Follower(CommandHandle script) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await KillAsync(script);
            await script.DisposeAsync();
        }
    }
}
