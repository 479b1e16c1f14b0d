using System.Globalization;

namespace Moru.Tools;

/// <summary>Cuts what a command wrote down to what a model should read: the beginning and the end, at line ends where they are near.</summary>
internal static class ToolOutput
{
    /// <summary>Most characters of both streams together.</summary>
    public const int Budget = 8_000;

    /// <summary>Characters of each stream to ask the SDK for: enough that whatever the SDK cuts lies inside the part cut here.</summary>
    public const int Capture = 2 * Budget;

    /// <summary>Fits both streams into the budget. A stream that needs less than half leaves the rest to the other.</summary>
    public static (string Stdout, string Stderr, long Cut) Fit(CommandResult result)
    {
        var stdout = Length(result.Stdout, result.StdoutDropped);
        var stderr = Length(result.Stderr, result.StderrDropped);
        var errors = (int)Math.Min(stderr, Math.Max(Budget / 2, Budget - stdout));
        var (first, firstCut) = HeadAndTail(result.Stdout, stdout, Budget - errors);
        var (second, secondCut) = HeadAndTail(result.Stderr, stderr, errors);
        return (first, second, firstCut + secondCut);
    }

    /// <summary>Last line that is not blank, shortened to what a progress message may hold; null when there is none.</summary>
    public static string? LastLine(string text)
    {
        var rest = text.AsSpan().TrimEnd();
        var line = rest[(rest.LastIndexOfAny('\n', '\r') + 1)..].TrimStart();
        return line.IsEmpty ? null : line.Length <= 200 ? line.ToString() : $"{line[..199]}…";
    }

    private static (string Text, long Cut) HeadAndTail(string text, long total, int limit)
    {
        if (total <= limit) return (text, 0);

        var head = text.AsSpan(0, limit * 2 / 5);
        var tail = text.AsSpan(text.Length - (limit - head.Length));
        if (head.LastIndexOf('\n') is var end && end >= head.Length / 2) head = head[..end];
        else if (!head.IsEmpty && char.IsHighSurrogate(head[^1])) head = head[..^1];
        if (tail.IndexOf('\n') is var start && start >= 0 && start <= tail.Length / 2) tail = tail[(start + 1)..];
        else if (!tail.IsEmpty && char.IsLowSurrogate(tail[0])) tail = tail[1..];

        var cut = total - head.Length - tail.Length;
        return (string.Create(CultureInfo.InvariantCulture, $"{head}\n[... {cut:N0} of {total:N0} characters cut ...]\n{tail}"), cut);
    }

    // When the SDK has cut, its text is Capture characters and a line that says so.
    private static long Length(string text, long dropped) => dropped == 0 ? text.Length : Capture + dropped;
}
