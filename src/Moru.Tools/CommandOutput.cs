using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;

namespace Moru.Tools;

/// <summary>What a command wrote, and how it ended if it has.</summary>
public sealed record CommandOutput : SandboxResult
{
    // What escapes may add to a short output before it is cut.
    private const int Slack = 500;

    /// <summary>Exit code; absent while the command runs and when it was killed.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Standard output, the middle of a long one cut.</summary>
    public required string Stdout { get; init; }

    /// <summary>Standard error, the middle of a long one cut.</summary>
    public required string Stderr { get; init; }

    /// <summary>Process id, by which other tools know the command; absent when there is nothing more to do with it.</summary>
    public int? Pid { get; init; }

    /// <summary>True while the command runs; absent: it has ended.</summary>
    public bool? Running { get; init; }

    /// <summary>Where <c>read_output</c> goes on with what is new; absent when everything was shown.</summary>
    public string? Cursor { get; init; }

    /// <summary>Bytes cut from both streams; absent: none.</summary>
    public long? CutBytes { get; init; }

    /// <summary>True when the command was killed because it ran too long; absent: it was not.</summary>
    public bool? TimedOut { get; init; }

    /// <summary>The call that reads what was cut; null when nothing was.</summary>
    [JsonIgnore]
    internal string? WhereCut { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override bool IsError => TimedOut == true;

    private protected override string Text
    {
        get
        {
            var text = new StringBuilder(CleanText.Mark(Stdout));
            if (Stderr.Length > 0) text.Append("[stderr]\n").Append(CleanText.Mark(Stderr));
            if (text.Length == 0) text.Append(Running == true ? "[no output yet]\n" : "[no output]\n");
            return text.Append(Ending()).ToString();
        }
    }

    /// <summary>A command that has ended and printed all of its output.</summary>
    /// <returns>Null when that is not all, or too much to show.</returns>
    internal static CommandOutput? WholeOrDefault(CommandResult result)
    {
        var whole = new CommandOutput
        {
            ExitCode = result.ExitCode,
            Stdout = CleanText.OfOutput(result.Stdout),
            Stderr = CleanText.OfOutput(result.Stderr),
            Note = result is { ExitCode: < 0, Error: { } error } ? $"The command ended with {error}." : null,
        };
        var isWhole = result.Gaps == 0 && result.Stdout.Length + result.Stderr.Length <= CommandReport.Budget;
        return isWhole && Encoding.UTF8.GetByteCount(whole.Stdout) + Encoding.UTF8.GetByteCount(whole.Stderr) <= CommandReport.Budget + Slack ? whole : null;
    }

    /// <summary>A command that nobody waits for.</summary>
    internal static CommandOutput Started(int pid, string? sandboxId)
    {
        var nothing = new StreamWindows(0, [], [], 0);
        return From(pid, new CommandReport { Running = true, Out = nothing, Err = nothing }, page: true, sandboxId);
    }

    /// <summary>What there is of a command now.</summary>
    /// <param name="pid">The command.</param>
    /// <param name="report">What its sandbox says.</param>
    /// <param name="page">Whether to go through it page by page, instead of showing the beginning and the end.</param>
    /// <param name="sandboxId">The sandbox as the caller named it.</param>
    /// <param name="budget">Most bytes to show.</param>
    internal static CommandOutput From(int pid, CommandReport report, bool page, string? sandboxId, int budget = CommandReport.Budget)
    {
        var (stdout, stderr) = report.Fit(page, budget);
        var cut = stdout.Cut + stderr.Cut;
        var next = new OutputCursor(stdout.End, stderr.End);
        var more = next.Out < report.Out.Size || next.Err < report.Err.Size;
        string Call(OutputCursor cursor, int wait) => ToolCall.Write("read_output", ("pid", pid), ("cursor", cursor.ToString()), ("wait_seconds", wait == 0 ? null : wait), ("sandbox_id", sandboxId));

        var notes = new List<string>();
        var whereCut = cut == 0
            ? null
            : $"{cut:N0} bytes were cut; read them with {Call(new OutputCursor(stdout.HeadEnd, stderr.HeadEnd), 0)}, or filter {CommandScript.Folder}/{pid}.out and .err with run_command (grep, sed -n).";
        if (whereCut is not null) notes.Add(whereCut);
        if (more) notes.Add($"There is more: {Call(next, 0)}.");
        else if (report.Running) notes.Add($"It is still running as process {pid}. Wait for it and read what comes with {Call(next, 30)}, or end it with kill_command.");
        else if (report.ExitCode is null) notes.Add("It was killed, or its sandbox was stopped, so it has no exit code.");
        return new CommandOutput
        {
            Pid = report.Running || more || cut > 0 ? pid : null,
            ExitCode = report.ExitCode,
            Running = report.Running ? true : null,
            Stdout = stdout.Text,
            Stderr = stderr.Text,
            Cursor = report.Running || more ? next.ToString() : null,
            CutBytes = cut == 0 ? null : cut,
            WhereCut = whereCut,
            Note = notes.Count == 0 ? null : string.Join(' ', notes),
        };
    }

    private string Ending() => this switch
    {
        { Running: true } => string.Create(CultureInfo.InvariantCulture, $"[still running, pid {Pid}]"),
        { ExitCode: { } code } => string.Create(CultureInfo.InvariantCulture, $"[exit code {code}]"),
        _ => "[ended without an exit code]",
    };
}
