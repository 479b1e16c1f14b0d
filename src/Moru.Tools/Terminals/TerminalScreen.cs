using System.Globalization;
using System.Text;

namespace Moru.Tools;

/// <summary>A terminal as a person would see it.</summary>
public sealed record TerminalScreen : SandboxResult
{
    private const int MaxScrolledCharacters = 4_000;

    /// <summary>Process id, by which the other tools know the terminal.</summary>
    public required int Pid { get; init; }

    /// <summary>The lines on the screen, without blanks at their ends.</summary>
    public required string Screen { get; init; }

    /// <summary>Lines that have left at the top since the last look, the newest of them; absent: none.</summary>
    public string? Scrolled { get; init; }

    /// <summary>Line of the cursor, from 1.</summary>
    public required int CursorRow { get; init; }

    /// <summary>Column of the cursor, from 1.</summary>
    public required int CursorColumn { get; init; }

    /// <summary>What the program calls its window; absent: nothing.</summary>
    public string? Title { get; init; }

    /// <summary>True when the shell or program has ended; absent: it runs.</summary>
    public bool? Closed { get; init; }

    /// <summary>Its exit code; absent while it runs.</summary>
    public int? ExitCode { get; init; }

    private protected override string Text
    {
        get
        {
            var text = new StringBuilder(CleanText.Mark(Scrolled is null ? Screen : $"{Scrolled}\n{Screen}"));
            if (Title is not null) text.Append("[title] ").Append(CleanText.Mark(Title));
            return Closed == true
                ? text.Append(CultureInfo.InvariantCulture, $"[closed{(ExitCode is { } code ? $", exit code {code}" : "")}]").ToString()
                : text.Append(CultureInfo.InvariantCulture, $"[terminal {Pid}, cursor at line {CursorRow}, column {CursorColumn} of the screen]").ToString();
        }
    }

    /// <summary>The newest lines of those that have left; null when there are none.</summary>
    /// <param name="lines">Those that were kept.</param>
    /// <param name="lost">How many there were before them.</param>
    internal static string? Shorten(IReadOnlyList<string> lines, long lost)
    {
        if (lines.Count == 0) return null;
        var first = lines.Count;
        for (var size = 0; first > 0 && (size += lines[first - 1].Length + 1) <= MaxScrolledCharacters;) first--;
        var kept = string.Join('\n', lines.Skip(first));
        return CleanText.OfFile(first + lost == 0 ? kept : string.Create(CultureInfo.InvariantCulture, $"[... {first + lost} lines cut ...]\n{kept}"));
    }
}
