using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;

namespace Moru.Tools;

/// <summary>How a command ended and what it wrote.</summary>
public sealed record CommandOutput : SandboxResult
{
    /// <summary>Exit code; -1 when a signal ended the command.</summary>
    public required int ExitCode { get; init; }

    /// <summary>Standard output, the middle of a long one cut.</summary>
    public required string Stdout { get; init; }

    /// <summary>Standard error, the middle of a long one cut.</summary>
    public required string Stderr { get; init; }

    /// <summary>Characters cut from both streams; absent: none.</summary>
    public long? CutCharacters { get; init; }

    /// <summary>True when the command was killed because it ran too long; absent: it ended by itself.</summary>
    public bool? TimedOut { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override bool IsError => TimedOut == true;

    private protected override string Text
    {
        get
        {
            var text = new StringBuilder();
            Append(text, Stdout);
            if (Stderr.Length > 0) Append(text.Append("[stderr]\n"), Stderr);
            if (text.Length == 0) text.Append("[no output]\n");
            return text.Append(CultureInfo.InvariantCulture, $"[exit code {ExitCode}]").ToString();
        }
    }

    internal static CommandOutput From(CommandResult result)
    {
        var (stdout, stderr, cut) = ToolOutput.Fit(result);
        var notes = new List<string>();
        if (result is { ExitCode: < 0, Error: { } error }) notes.Add($"The command ended with {error}.");
        if (cut > 0)
            notes.Add("The output was cut. To read all of it, send it to a file (`COMMAND > /tmp/out.txt 2>&1`) and page through that with read_file, or filter it with grep, head or tail.");
        return new CommandOutput
        {
            ExitCode = result.ExitCode,
            Stdout = stdout,
            Stderr = stderr,
            CutCharacters = cut == 0 ? null : cut,
            Note = notes.Count == 0 ? null : string.Join(' ', notes),
        };
    }

    internal static CommandOutput Killed(CommandResult partial, int timeoutSeconds)
    {
        var output = From(partial with { ExitCode = -1, Error = null });
        var advice = $"Killed after {timeoutSeconds} s (timeout_seconds), with everything it had started; the output up to then is above. Give it more time with a larger timeout_seconds (at most {SandboxTools.MaxCommandSeconds}), or start all of it in the background (`(COMMAND) > /tmp/out.txt 2>&1 &`, parentheses included) and look at its file later.";
        return output with { TimedOut = true, Note = output.Note is null ? advice : $"{advice} {output.Note}" };
    }

    private static void Append(StringBuilder text, string output)
    {
        text.Append(output);
        if (output.Length > 0 && output[^1] != '\n') text.Append('\n');
    }
}
