using System.Globalization;
using System.Text;

namespace Moru.Tools;

/// <summary>Whether a command was killed.</summary>
public sealed record KilledCommand : SandboxResult
{
    /// <summary>False when it had ended already.</summary>
    public required bool Killed { get; init; }

    /// <summary>Its process id.</summary>
    public required int Pid { get; init; }

    private protected override string Text => Killed ? $"Killed process {Pid} and everything it started." : $"Process {Pid} did not run.";
}

/// <summary>Input that was written to a command.</summary>
public sealed record SentInput : SandboxResult
{
    /// <summary>How much.</summary>
    public required int Characters { get; init; }

    private protected override string Text => string.Create(CultureInfo.InvariantCulture, $"Sent {Characters} characters. See the answer with read_output.");
}

/// <summary>Commands of a sandbox.</summary>
public sealed record CommandList : SandboxResult
{
    /// <summary>Newest first, then processes that no tool has started.</summary>
    public required IReadOnlyList<CommandLine> Commands { get; init; }

    private protected override string Text
    {
        get
        {
            if (Commands.Count == 0) return "No commands.";
            var lines = new StringBuilder();
            foreach (var line in Commands) lines.Append(CultureInfo.InvariantCulture, $"{line.Pid}  {line.State}{(line.OutputBytes is { } bytes ? $"  {bytes} bytes" : "")}  {line.Command}\n");
            return CleanText.Mark(lines.ToString());
        }
    }

    internal static IReadOnlyList<CommandLine> Parse(string answer) =>
    [
        .. answer.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ', 4)).Select(parts => parts is [var pid, var state, var size, var command]
            && int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)
            ? new CommandLine { Pid = id, State = state is "running" or "lost" ? state : $"exit {state}", OutputBytes = bytes, Command = CleanText.OfName(command) }
            : null).OfType<CommandLine>(),
    ];
}

/// <summary>One command in a list.</summary>
public sealed record CommandLine
{
    /// <summary>Process id.</summary>
    public required int Pid { get; init; }

    /// <summary><c>running</c>, <c>exit CODE</c>, or <c>lost</c> when it was killed.</summary>
    public required string State { get; init; }

    /// <summary>What it has written; absent when no tool has started it.</summary>
    public long? OutputBytes { get; init; }

    /// <summary>First line of the command.</summary>
    public required string Command { get; init; }

    internal static CommandLine From(ProcessInfo process) => new() { Pid = process.Pid, State = "running", Command = CleanText.OfName(process.Command.Split('\n')[0]) };
}
