using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text;
using Moru.Protocol;

namespace Moru.Tools;

/// <summary>Tools that run commands and go on with those that still run. Parameters are named as the model sees them, hence the underscores.</summary>
internal sealed class CommandTools(SandboxSession session)
{
    public const int MaxWaitSeconds = 600;

    /// <summary>How long a command may hold up its caller: clients give up on calls after 60 s.</summary>
    private const int DefaultWaitSeconds = 45;
    private const int MaxSeconds = 86_400;

    /// <summary>Linux takes 128 KiB in one argument.</summary>
    private const int MaxScript = 130_000;
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
        [Description("Kills it. Default: never"), Range(1, MaxSeconds)] int? timeout_seconds = null,
        IProgress<string>? progress = null,
        CancellationToken cancellationToken = default)
    {
        CheckNames(env);
        var script = Script(command, sandbox_id);
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

    [Description("Read a command's output, waiting up to wait_seconds for its end: head and tail, or all that follows a cursor.")]
    public Task<CommandOutput> ReadAsync(
        [Description(WhichCommand), Range(1, int.MaxValue)] int pid,
        [Description("From an earlier result")] string? cursor = null,
        [Description("Longest wait"), Range(0, MaxWaitSeconds)] int wait_seconds = 0,
        [Description(SandboxTools.WhichSandbox)] string? sandbox_id = null,
        IProgress<string>? progress = null,
        CancellationToken cancellationToken = default)
    {
        OutputCursor? from = cursor is null ? null : OutputCursor.Parse(cursor);
        var wait = TimeSpan.FromSeconds(wait_seconds);
        return session.UseAsync(
            sandbox_id,
            wait,
            async sandbox =>
            {
                if (session.Terminals.FindOrDefault(sandbox.SandboxId, pid) is not null) throw IsTerminal(pid, "Look at it", sandbox_id);
                await using var follower = progress is not null && wait > TimeSpan.Zero ? await CommandRun.FollowAsync(sandbox, pid, progress) : null;
                return await CommandRun.ReadAsync(sandbox, pid, from, wait, sandbox_id, cancellationToken);
            },
            cancellationToken);
    }

    /// <exception cref="ToolException">A name is none that the environment can hold.</exception>
    public static void CheckNames(Dictionary<string, string>? env)
    {
        if (env?.Keys.FirstOrDefault(name => name.Length == 0 || name.AsSpan().IndexOfAny("= \0") >= 0) is { } wrong)
            throw new ToolException($"`env` has the name '{wrong.Replace("\0", "\\0", StringComparison.Ordinal)}'; a name has letters, digits and underscores, for example: {{\"env\":{{\"MODE\":\"test\"}}}}");
    }

    [Description("Kill a command or terminal with all it started.")]
    public Task<KilledCommand> KillAsync(
        [Description("Process id"), Range(1, int.MaxValue)] int pid,
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
        [Description(WhichCommand), Range(1, int.MaxValue)] int pid,
        [Description("What to write")] string text,
        [Description(SandboxTools.WhichSandbox)] string? sandbox_id = null,
        CancellationToken cancellationToken = default) =>
        session.UseAsync(
            sandbox_id,
            KillPatience,
            async sandbox =>
            {
                if (session.Terminals.FindOrDefault(sandbox.SandboxId, pid) is not null) throw IsTerminal(pid, "Type into it", sandbox_id);
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

    private static string Script(string command, string? sandboxId)
    {
        if (command.Contains('\0', StringComparison.Ordinal)) throw new ToolException("`command` has a NUL character, which no command line can hold. Write it as `\\0` in printf, or bring binary data in as a file.");
        var script = CommandScript.Start(command, CommandReport.Budget + 1);
        return Encoding.UTF8.GetByteCount(script) <= MaxScript
            ? script
            : throw new ToolException($"`command` is {Encoding.UTF8.GetByteCount(command)} bytes; at most about {MaxScript} can be run. Write it to a file with write_file, then run that: {ToolCall.Write("run_command", ("command", "bash script.sh"), ("sandbox_id", sandboxId))}");
    }

    private static ToolException IsTerminal(int pid, string act, string? sandboxId) =>
        new($"Process {pid} is a terminal. {act} with {ToolCall.Write("use_terminal", ("pid", pid), ("sandbox_id", sandboxId))}.");
}
