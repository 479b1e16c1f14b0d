using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;
using Moru.Protocol;

namespace Moru.Tools;

/// <summary>Tools for programs that need a terminal. Parameters are named as the model sees them, hence the underscores.</summary>
internal sealed class TerminalTools(SandboxSession session)
{
    private const int DefaultSeconds = 10;
    private const int MaxPattern = 1_000;

    private static readonly TimeSpan OpenPatience = TimeSpan.FromSeconds(10);

    [Description("Open a terminal with a shell or a program, and show its screen.")]
    public Task<TerminalScreen> OpenAsync(
        [Description("Default: a shell")] string? command = null,
        [Description("Width"), Range(10, 300)] int columns = 80,
        [Description("Height"), Range(2, 100)] int rows = 24,
        [Description("Directory. Default: home")] string? cwd = null,
        [Description(SandboxTools.WhichSandbox)] string? sandbox_id = null,
        CancellationToken cancellationToken = default)
    {
        var options = new PtyOptions { Cols = columns, Rows = rows, Cwd = cwd, Timeout = TimeSpan.Zero };
        return session.UseAsync(sandbox_id, OpenPatience, sandbox => OpenAsync(sandbox, command, options, cancellationToken), cancellationToken);
    }

    [Description("Type into a terminal, wait until its screen is at rest or shows a pattern, and show it. Without text and keys it only looks. End it with kill_command.")]
    public Task<TerminalScreen> UseAsync(
        [Description("Process id, from open_terminal")] int pid,
        [Description("Typed as it is; \\n is Enter")] string? text = null,
        [Description("Keys pressed after text, such as: Enter Up Ctrl+C F10")] string? keys = null,
        [Description("Regular expression to wait for")] string? wait_for = null,
        [Description("Longest wait"), Range(0, CommandTools.MaxWaitSeconds)] int wait_seconds = DefaultSeconds,
        [Description("New width"), Range(10, 300)] int? columns = null,
        [Description("New height"), Range(2, 100)] int? rows = null,
        [Description(SandboxTools.WhichSandbox)] string? sandbox_id = null,
        CancellationToken cancellationToken = default)
    {
        if (keys is not null) Keys.Send(keys, application: false); // complains before anything is typed
        if (columns is null != rows is null) throw new ToolException($"Give `columns` and `rows` together, for example: {ToolCall.Write("use_terminal", ("pid", pid), ("columns", columns ?? 120), ("rows", rows ?? 40), ("sandbox_id", sandbox_id))}");
        var pattern = wait_for is null ? null : Pattern(wait_for, pid, sandbox_id);
        var wait = TimeSpan.FromSeconds(wait_seconds);
        return session.UseAsync(
            sandbox_id,
            wait,
            async sandbox =>
            {
                var terminal = Find(sandbox, pid, sandbox_id);
                var wasCut = await terminal.AttachAsync(sandbox, cancellationToken);
                if (columns is { } width && rows is { } height) await terminal.ResizeAsync(width, height, cancellationToken);
                var settled = await (pattern is null ? terminal.UseAsync(text, keys, wait, cancellationToken) : terminal.UseAsync(text, keys, pattern, wait, cancellationToken));
                var note = settled ? null
                    : pattern is null ? $"The screen still changes after {wait_seconds} s."
                    : terminal.Closed ? $"`{wait_for}` had not appeared when the terminal closed."
                    : $"`{wait_for}` did not appear within {wait_seconds} s.";
                if (terminal.Cut) note = await DescribeCutAsync(sandbox, terminal, cancellationToken);
                else if (wasCut) note = $"The connection to the terminal had been lost, as when its sandbox is paused, and with it what it showed meanwhile. {note}".TrimEnd();
                return Look(sandbox, terminal, note);
            },
            cancellationToken);
    }

    private async Task<TerminalScreen> OpenAsync(Sandbox sandbox, string? command, PtyOptions options, CancellationToken cancellationToken)
    {
        try
        {
            var terminal = await session.Terminals.OpenAsync(sandbox, command, options, cancellationToken);
            await terminal.BeginAsync(OpenPatience, cancellationToken);
            return Look(sandbox, terminal, null);
        }
        catch (InvalidArgumentException error) when (options.Cwd is { } cwd)
        {
            throw new ToolException($"There is no directory '{cwd}' in sandbox {sandbox.SandboxId}. Make it first (`mkdir -p`), or leave out `cwd` to start in the home directory.", error);
        }
    }

    private static async Task<string> DescribeCutAsync(Sandbox sandbox, Terminal terminal, CancellationToken cancellationToken) => await terminal.SandboxStateAsync(cancellationToken) switch
    {
        null => $"Sandbox {sandbox.SandboxId} has ended meanwhile.",
        SandboxState.Paused => $"Sandbox {sandbox.SandboxId} was paused meanwhile; the terminal goes on with the next call, which resumes it.",
        _ => $"The connection to sandbox {sandbox.SandboxId} was lost meanwhile; the terminal goes on with the next call.",
    };

    private TerminalScreen Look(Sandbox sandbox, Terminal terminal, string? note)
    {
        var screen = terminal.Look(note);
        if (screen.Closed != true) return screen;
        session.Terminals.Remove(sandbox.SandboxId, terminal.Pid);
        return screen with { Note = $"{note} The terminal is closed; open another with open_terminal.".TrimStart() };
    }

    private Terminal Find(Sandbox sandbox, int pid, string? sandboxId)
    {
        if (session.Terminals.FindOrDefault(sandbox.SandboxId, pid) is { } terminal) return terminal;
        var open = session.Terminals.In(sandbox.SandboxId);
        var known = open.Count == 0 ? "None is open there" : $"Open there: {string.Join(", ", open)}";
        throw new ToolException($"There is no open terminal {pid} in sandbox {sandbox.SandboxId}. {known}. Open one with {ToolCall.Write("open_terminal", ("sandbox_id", sandboxId))}.");
    }

    private static Regex Pattern(string text, int pid, string? sandboxId)
    {
        if (text.Length > MaxPattern) throw new ToolException($"`wait_for` has {text.Length} characters; it may have {MaxPattern}. Wait for a part of it, for example: {ToolCall.Write("use_terminal", ("pid", pid), ("wait_for", "Password:"), ("sandbox_id", sandboxId))}");
        try
        {
            return new Regex(text, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | RegexOptions.Multiline);
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            throw new ToolException($"`wait_for` is not a regular expression that can be waited for ({error.Message.TrimEnd('.')}). Put a backslash before ( ) [ {{ * + ? . | ^ $ that you mean literally, for example: {ToolCall.Write("use_terminal", ("pid", pid), ("wait_for", "Password:"), ("sandbox_id", sandboxId))}", error);
        }
    }
}
