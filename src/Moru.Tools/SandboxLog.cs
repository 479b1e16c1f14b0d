using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Moru.Protocol;

namespace Moru.Tools;

/// <summary>The log of a sandbox as a model reads it: a line for each start, end and line of output, without what our own scripts do.</summary>
internal static partial class SandboxLog
{
    private const int MaxEntry = 1_000;

    /// <summary>What is left without our own scripts, by which tools and resources look at commands.</summary>
    public static IEnumerable<SandboxLogEntry> WithoutOurs(IReadOnlyList<SandboxLogEntry> entries)
    {
        var ours = entries.Where(entry => entry.EventType == LogEvents.ProcessStart && IsOurs(entry.Message)).Select(Pid).ToHashSet();
        return entries.Where(entry => !ours.Contains(Pid(entry)));
    }

    public static string Write(IReadOnlyList<SandboxLogEntry> entries)
    {
        var lines = new StringBuilder();
        foreach (var entry in WithoutOurs(entries))
        {
            foreach (var line in Short(Text(entry)).TrimEnd('\n').Split('\n'))
                lines.Append(CultureInfo.InvariantCulture, $"{entry.Timestamp.UtcDateTime:HH:mm:ss.fff} {Pid(entry)} {entry.EventType}: {line}\n");
        }

        var bytes = Encoding.UTF8.GetBytes(lines.ToString());
        return new StreamWindows(0, bytes, [], bytes.Length).Ends(CommandReport.Budget).Text;
    }

    private static string Pid(SandboxLogEntry entry) => entry.Fields.GetValueOrDefault("pid", "?");

    // A command is wrapped in a script, which holds its first line.
    private static string Text(SandboxLogEntry entry) => entry.EventType == LogEvents.ProcessStart && Wrapped().Match(entry.Message) is { Success: true } start
        ? start.Groups[1].Value.Replace("'\\''", "'", StringComparison.Ordinal)
        : entry.Message;

    private static string Short(string text) => text.Length <= MaxEntry ? text : $"{text[..MaxEntry]}[... {text.Length - MaxEntry} more characters]";

    private static bool IsOurs(string start) => start.Contains(CommandScript.Folder, StringComparison.Ordinal) && !Wrapped().IsMatch(start);

    [GeneratedRegex(@"\{ printf %s '((?:[^']|'\\'')*)' > /tmp/\.moru/\$\$\.run")]
    private static partial Regex Wrapped();
}
