using System.Text.RegularExpressions;

namespace Moru.Tools;

/// <summary>Looks for a pattern in what comes after something was typed.</summary>
internal sealed class PatternWait(Regex pattern, string input)
{
    private readonly TaskCompletionSource found = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // A line that was entered comes back before its answer does; text without Enter is waited for itself.
    private readonly string echo = input.IndexOf('\r', StringComparison.Ordinal) is > 0 and var enter ? input[..enter] : "";
    private long seen;

    /// <summary>Ends when the pattern is there.</summary>
    public Task Found => found.Task;

    /// <summary>Looks at what has changed. Lines that had left the top at the last look stay as they were.</summary>
    public void Look(Screen screen)
    {
        var text = screen.Since(seen);
        if ((screen.BeginsAtMark(seen) ? BehindEcho(text) : text) is { } rest && pattern.IsMatch(rest)) found.TrySetResult();
        seen = screen.Left;
    }

    private string? BehindEcho(string text)
    {
        var at = 0;
        foreach (var typed in echo)
        {
            if (char.IsWhiteSpace(typed)) continue;
            while (at < text.Length && char.IsWhiteSpace(text[at])) at++; // blanks at line ends are gone, and long lines are wrapped
            if (at == text.Length) return null; // the rest of it is yet to come
            if (text[at++] != typed) return text; // a program that does not show what it gets
        }

        return text[at..];
    }
}
