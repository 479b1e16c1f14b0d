using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Moru.Tools;

/// <summary>Tools that make, run and end sandboxes. Parameters are named as the model sees them, hence the underscores.</summary>
internal sealed class SandboxTools(SandboxSession session)
{
    public const string WhichSandbox = "Default: the session sandbox";
    public const int MaxCommandSeconds = 3600;

    private const int MaxListed = 50;

    [Description("""
        Run a bash command line in a Linux sandbox and wait for it: programs, scripts, package installs, git, network. A non-zero exit code is a normal result.
        Output beyond 8,000 characters loses its middle. Each call is a new shell: files persist, cd and variables do not. Nothing can be typed in.
        """)]
    public async Task<CommandOutput> RunAsync(
        [Description("bash command line")] string command,
        [Description(WhichSandbox)] string? sandbox_id = null,
        [Description("Working directory. Default: home")] string? cwd = null,
        [Description("Default: user, who has passwordless sudo")] string? user = null,
        [Description("Environment variables to add")] Dictionary<string, string>? env = null,
        [Description("After this it is killed with all it started"), Range(1, MaxCommandSeconds)] int timeout_seconds = 60,
        IProgress<string>? progress = null,
        CancellationToken cancellationToken = default)
    {
        void Report(string text)
        {
            if (ToolOutput.LastLine(text) is { } line) progress?.Report(line);
        }

        var timeout = TimeSpan.FromSeconds(timeout_seconds);
        var options = new CommandOptions
        {
            Cwd = cwd,
            User = user,
            Envs = env,
            Timeout = timeout,
            OutputLimit = ToolOutput.Capture,
            OnStdout = progress is null ? null : Report,
            OnStderr = progress is null ? null : Report,
        };
        return await session.UseAsync(sandbox_id, timeout, sandbox => RunAsync(sandbox, command, options, timeout_seconds, cancellationToken), cancellationToken);
    }

    [Description("""
        Make another sandbox: an isolated Linux machine. Needed only for a second machine, another template or a longer life: without sandbox_id, tools use the session sandbox,
        which is made on first use and ends with the session. This one lives until kill_sandbox or its timeout, whatever runs in it.
        """)]
    public async Task<CreatedSandbox> CreateAsync(
        [Description("Built in: base, with Python, Node.js and git")] string template = "base",
        [Description("How long it lives"), Range(1, 86_400)] int timeout_seconds = 900,
        [Description("Environment of every command in it")] Dictionary<string, string>? env = null,
        CancellationToken cancellationToken = default)
    {
        var client = await session.ClientAsync(cancellationToken);
        try
        {
            var options = new SandboxOptions { Timeout = TimeSpan.FromSeconds(timeout_seconds), Envs = env };
            var sandbox = await client.CreateSandboxAsync(template, options, cancellationToken);
            session.Add(sandbox);
            return new CreatedSandbox { SandboxId = sandbox.SandboxId, Template = template, TimeoutSeconds = timeout_seconds };
        }
        catch (NotFoundException error)
        {
            throw new ToolException($"There is no template '{template}'. The template `base` is built in: leave out `template` to use it.", error);
        }
    }

    [Description("List the sandboxes of this server, newest first, with their ids and when their timeout ends them.")]
    public async Task<SandboxList> ListAsync(CancellationToken cancellationToken = default)
    {
        var listed = new List<SandboxLine>();
        var omitted = 0;
        await foreach (var info in (await session.ClientAsync(cancellationToken)).ListSandboxesAsync(cancellationToken: cancellationToken))
        {
            if (listed.Count < MaxListed) listed.Add(SandboxLine.From(info, session.SandboxId));
            else omitted++;
        }

        return new SandboxList { Sandboxes = listed, Omitted = omitted == 0 ? null : omitted };
    }

    [Description("End a sandbox for good: its processes stop and its files are lost.")]
    public async Task<KilledSandbox> KillAsync([Description(WhichSandbox)] string? sandbox_id = null, CancellationToken cancellationToken = default)
    {
        if (await session.KillAsync(sandbox_id, cancellationToken) is { } killed) return new KilledSandbox { Killed = true, SandboxId = killed };
        var note = sandbox_id is null
            ? "There is no session sandbox at the moment; to end another sandbox, give its sandbox_id."
            : await session.DescribeUnknownAsync(sandbox_id, cancellationToken);
        return new KilledSandbox { Killed = false, SandboxId = sandbox_id, Note = note };
    }

    private static async Task<CommandOutput> RunAsync(
        Sandbox sandbox, string command, CommandOptions options, int timeoutSeconds, CancellationToken cancellationToken)
    {
        try
        {
            return CommandOutput.From(await sandbox.Commands.RunAsync(command, options, cancellationToken));
        }
        catch (CommandExitException exit)
        {
            return CommandOutput.From(exit.Result);
        }
        catch (SandboxTimeoutException late) when (late.PartialResult is { } partial)
        {
            return CommandOutput.Killed(partial, timeoutSeconds);
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
}
