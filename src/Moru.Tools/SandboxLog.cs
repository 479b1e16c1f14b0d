using System.Globalization;
using System.Text;
using Moru.Protocol;

namespace Moru.Tools;

/// <summary>The log of a sandbox as a model reads it: a line for each start, end and line of output, without what our own scripts do.</summary>
internal static class SandboxLog
{
    private const int MaxEntry = 1_000;

    /// <summary>What is left without our own scripts, by which tools and resources look at commands; those show as they were given.</summary>
    public static IEnumerable<SandboxLogEntry> WithoutOurs(IReadOnlyList<SandboxLogEntry> entries)
    {
        var ours = entries.Where(entry => entry.EventType == LogEvents.ProcessStart && IsOurs(entry.Message)).Select(Pid).ToHashSet();
        return entries.Where(entry => !ours.Contains(Pid(entry))).Select(entry => entry with { Message = Text(entry) });
    }

    public static string Write(IReadOnlyList<SandboxLogEntry> entries)
    {
        var lines = new StringBuilder();
        foreach (var entry in WithoutOurs(entries))
        {
            foreach (var line in Short(entry.Message).TrimEnd('\n').Split('\n'))
                lines.Append(CultureInfo.InvariantCulture, $"{entry.Timestamp.UtcDateTime:HH:mm:ss.fff} {Pid(entry)} {entry.EventType}: {line}\n");
        }

        var bytes = Encoding.UTF8.GetBytes(lines.ToString());
        return new StreamWindows(0, bytes, [], bytes.Length).Ends(CommandReport.Budget).Text;
    }

    private static string Pid(SandboxLogEntry entry) => entry.Fields.GetValueOrDefault("pid", "?");

    // A command is wrapped in a script, which holds its first line.
    private static string Text(SandboxLogEntry entry) =>
        entry.EventType == LogEvents.ProcessStart && CommandScript.CommandOrDefault(entry.Message) is { } command ? command : entry.Message;

    private static string Short(string text) => text.Length <= MaxEntry ? text : $"{text[..MaxEntry]}[... {text.Length - MaxEntry} more characters]";

    private static bool IsOurs(string start) => start.Contains(CommandScript.Folder, StringComparison.Ordinal) && CommandScript.CommandOrDefault(start) is null;
}
