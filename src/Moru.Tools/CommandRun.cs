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
        await using var handle = await StartAsync(script, options);
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (wait == TimeSpan.Zero) return CommandOutput.Started(handle.Pid, sandboxId);
            var result = await WaitAsync(handle, wait, cancellationToken);
            return result.Stdout.Length + result.Stderr.Length > CommandReport.Budget
                ? await ReadAsync(sandbox, handle.Pid, null, ScriptPatience, sandboxId, cancellationToken)
                : CommandOutput.Whole(result);
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
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await KillAsync(handle);
            throw;
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
        catch (InvalidArgumentException error) when (options.Cwd is { } cwd && error.Message.Contains("cwd", StringComparison.Ordinal))
        {
            throw new ToolException($"There is no directory '{cwd}' in sandbox {sandbox.SandboxId}. Make it first (`mkdir -p`), or leave out `cwd` to start in the home directory.", error);
        }
    }

    private async Task<CommandResult> WaitAsync(CommandHandle handle, TimeSpan wait, CancellationToken cancellationToken)
    {
        var end = EndAsync(handle);
        if (progress is null) return await end.WaitAsync(wait, cancellationToken);

        await ((Task)end).WaitAsync(FollowAfter, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (end.IsCompleted || cancellationToken.IsCancellationRequested) return await end.WaitAsync(cancellationToken);
        await using var follower = await FollowAsync(handle.Pid);
        try
        {
            return await end.WaitAsync(wait, cancellationToken);
        }
        finally
        {
            if (follower is not null) await KillAsync(follower);
        }
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

    private async Task<CommandHandle?> FollowAsync(int pid)
    {
        try
        {
            var options = AsRoot with { Timeout = TimeSpan.FromSeconds(CommandTools.MaxWaitSeconds), OnStdout = text => progress!.Report(CleanText.OfOutput(text).TrimEnd('\n')) };
            return await sandbox.Commands.StartAsync(CommandScript.Follow(pid), options, CancellationToken.None);
        }
        catch (SandboxException)
        {
            return null; // the sandbox is full or gone; the command itself will tell
        }
    }

    private static async Task KillAsync(CommandHandle handle)
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
}
