using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Moru.Protocol;

namespace Moru.Tools;

/// <summary>Tools that run commands and go on with those that still run. Parameters are named as the model sees them, hence the underscores.</summary>
internal sealed class CommandTools(SandboxSession session)
{
    public const int MaxWaitSeconds = 600;

    /// <summary>How long a command may hold up its caller: clients give up on calls after 60 s.</summary>
    private const int DefaultWaitSeconds = 45;
    private const int MaxSeconds = 86_400;
    private const string WhichCommand = "From run_command";

    private static readonly TimeSpan KillPatience = TimeSpan.FromSeconds(5);

    // user and env are for programs and for people who read the manual; a model writes sudo and VARIABLE=value.
    [Description("Run a bash command line. After wait_seconds it goes on in the background: follow it with read_output. Each call is a new shell; files persist, cd does not.")]
    public async Task<CommandOutput> RunAsync(
        [Description("Bash")] string command,
        [Description(SandboxTools.WhichSandbox)] string? sandbox_id = null,
        [Description("Default: home")] string? cwd = null,
        string? user = null,
        Dictionary<string, string>? env = null,
        [Description("0: background, stdin open"), Range(0, MaxWaitSeconds)] int wait_seconds = DefaultWaitSeconds,
        [Description("Kill it then. Default: never"), Range(1, MaxSeconds)] int? timeout_seconds = null,
        IProgress<string>? progress = null,
        CancellationToken cancellationToken = default)
    {
        var script = CommandScript.Start(command, CommandReport.Budget + 1);
        var options = new CommandOptions
        {
            Cwd = cwd,
            User = user,
            Envs = env,
            Timeout = TimeSpan.FromSeconds(timeout_seconds ?? 0),
            Stdin = wait_seconds == 0,
            OutputLimit = 4 * CommandReport.Budget,
        };
        var wait = TimeSpan.FromSeconds(wait_seconds);
        return await session.UseAsync(sandbox_id, wait, sandbox => new CommandRun(sandbox, sandbox_id, progress).ToEndAsync(script, options, wait, cancellationToken), cancellationToken);
    }

    [Description("Read a command's output, waiting for its end: beginning and end, or all that follows a cursor.")]
    public Task<CommandOutput> ReadAsync(
        [Description(WhichCommand)] int pid,
        [Description("From a result")] string? cursor = null,
        [Description("Longest wait"), Range(0, MaxWaitSeconds)] int wait_seconds = 0,
        [Description(SandboxTools.WhichSandbox)] string? sandbox_id = null,
        CancellationToken cancellationToken = default)
    {
        OutputCursor? from = cursor is null ? null : OutputCursor.Parse(cursor);
        var wait = TimeSpan.FromSeconds(wait_seconds);
        return session.UseAsync(sandbox_id, wait, sandbox => CommandRun.ReadAsync(sandbox, pid, from, wait, sandbox_id, cancellationToken), cancellationToken);
    }

    [Description("Kill a command or terminal with all it started.")]
    public Task<KilledCommand> KillAsync(
        [Description("Process id")] int pid,
        [Description(SandboxTools.WhichSandbox)] string? sandbox_id = null,
        CancellationToken cancellationToken = default) =>
        session.UseAsync(
            sandbox_id,
            KillPatience,
            async sandbox =>
            {
                if (await sandbox.Commands.KillAsync(pid, cancellationToken)) return new KilledCommand { Killed = true, Pid = pid };
                await CommandRun.ReadAsync(sandbox, pid, default(OutputCursor), TimeSpan.Zero, sandbox_id, cancellationToken); // fails when there never was one
                return new KilledCommand { Killed = false, Pid = pid, Note = "It had ended already." };
            },
            cancellationToken);

    [Description("Write to the stdin of a command that was started with wait_seconds 0. Lines need their \\n.")]
    public Task<SentInput> SendAsync(
        [Description(WhichCommand)] int pid,
        [Description("What to write")] string text,
        [Description(SandboxTools.WhichSandbox)] string? sandbox_id = null,
        CancellationToken cancellationToken = default) =>
        session.UseAsync(
            sandbox_id,
            KillPatience,
            async sandbox =>
            {
                try
                {
                    await sandbox.Commands.SendStdinAsync(pid, text, cancellationToken);
                    return new SentInput { Characters = text.Length };
                }
                catch (NotFoundException error)
                {
                    throw new ToolException($"Process {pid} does not run in sandbox {sandbox.SandboxId}. See what does with list_commands; start one that reads input with {ToolCall.Write("run_command", ("command", "COMMAND"), ("wait_seconds", 0), ("sandbox_id", sandbox_id))}.", error);
                }
                catch (SandboxException error) when (!ToolErrors.IsGone(error))
                {
                    throw new ToolException($"Process {pid} takes no input: it has closed its stdin, or was started without. Start it with {ToolCall.Write("run_command", ("command", "COMMAND"), ("wait_seconds", 0), ("sandbox_id", sandbox_id))}, or give it its input with a pipe (`printf 'text' | COMMAND`).", error);
                }
            },
            cancellationToken);

    [Description("List commands: those that run and the last that ended.")]
    public Task<CommandList> ListAsync([Description(SandboxTools.WhichSandbox)] string? sandbox_id = null, CancellationToken cancellationToken = default) =>
        session.UseAsync(
            sandbox_id,
            KillPatience,
            sandbox => SandboxViews.ListCommandsAsync(sandbox, cancellationToken),
            cancellationToken);
}
