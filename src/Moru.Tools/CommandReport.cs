using System.Globalization;

namespace Moru.Tools;

/// <summary>What the script of <see cref="CommandScript.Read"/> says about a command.</summary>
internal sealed record CommandReport
{
    /// <summary>Most bytes of both streams together that a model is shown, about 2,000 tokens.</summary>
    public const int Budget = 8_000;

    public required bool Running { get; init; }

    /// <summary>Null while it runs, and when it ended in a way that left none: killed, or its sandbox was stopped.</summary>
    public int? ExitCode { get; init; }

    public required StreamWindows Out { get; init; }

    public required StreamWindows Err { get; init; }

    /// <summary>Reads the answer.</summary>
    /// <param name="answer">What the script printed.</param>
    /// <param name="from">Where the caller began to read; null: at the beginning, and the end was asked for too.</param>
    /// <param name="others">When there is no such command: those that there are.</param>
    public static CommandReport? Parse(string answer, OutputCursor? from, out IReadOnlyList<string> others)
    {
        others = [];
        var lines = answer.Split('\n');
        if (lines[0] == "unknown")
        {
            others = [.. lines.Skip(1).Where(line => line.Length > 0 && line.All(char.IsAsciiDigit))];
            return null;
        }

        var head = lines[0].Split(' ');
        StreamWindows Stream(int index, long start) => new(start, Bytes(lines, 1 + index), from is null ? Bytes(lines, 3 + index) : [], Number(head, 1 + index), Growing: head[0] == "running");
        return new CommandReport
        {
            Running = head[0] == "running",
            ExitCode = int.TryParse(head[0], NumberStyles.None, CultureInfo.InvariantCulture, out var code) ? code : null,
            Out = Stream(0, from?.Out ?? 0),
            Err = Stream(1, from?.Err ?? 0),
        };
    }

    // The answer comes out of a sandbox: what is not what the script prints counts as nothing.
    private static byte[] Bytes(string[] lines, int line)
    {
        var bytes = new byte[lines.Length > line ? lines[line].Length : 0];
        return bytes.Length > 0 && Convert.TryFromBase64String(lines[line], bytes, out var length) ? bytes[..length] : [];
    }

    private static long Number(string[] words, int word) => words.Length > word && long.TryParse(words[word], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    /// <summary>
    /// Fits both streams into a budget of bytes; one that needs less than half leaves the rest to the other. A page is the beginning of what was
    /// read, otherwise the beginning and the end are kept.
    /// </summary>
    public (StreamText Out, StreamText Err) Fit(bool page, int budget)
    {
        var errors = (int)Math.Min(Err.Available(page), Math.Max(budget / 2, budget - Out.Available(page)));
        return page
            ? (Out.Page(budget - errors), Err.Page(errors))
            : (Out.Ends(budget - errors), Err.Ends(errors));
    }
}
