using System.Globalization;
using System.Text;

namespace Moru.Tools;

/// <summary>
/// Makes text from a sandbox safe to show: what a terminal would obey and what an eye cannot see (control sequences, bidirectional
/// overrides, zero-width and tag characters) becomes visible or goes, and nothing in it can pretend to be ours.
/// </summary>
internal static class CleanText
{
    private const string Open = "<untrusted>\n";
    private const string Close = "</untrusted>\n";

    /// <summary>Text of a file: every character that stays is the file's own, the others are shown as escapes.</summary>
    public static string OfFile(string text) => Escape(text);

    /// <summary>Output of a program as a terminal would leave it: without colours, and of a line that was overwritten the last state.</summary>
    public static string OfOutput(string text) => text.AsSpan().IndexOfAny('\e', '\r', '\b') < 0 ? Escape(text) : Escape(Overwrite(TerminalText.Strip(text)));

    /// <summary>Marks text as data of a sandbox, so that a model does not take it for instructions.</summary>
    public static string Mark(string clean)
    {
        if (clean.Length == 0) return "";
        var inner = clean.Replace("</untrusted", "<\\/untrusted", StringComparison.OrdinalIgnoreCase);
        return $"{Open}{inner}{(inner[^1] == '\n' ? "" : "\n")}{Close}";
    }

    private static string Escape(string text)
    {
        StringBuilder? clean = null;
        var copied = 0;
        for (var at = 0; at < text.Length; at++)
        {
            var rune = Rune.GetRuneAt(text, at) is var whole && IsSafe(whole, text, at) ? default(Rune?) : whole;
            if (rune is { } hidden)
            {
                clean ??= new StringBuilder(text.Length + 64);
                clean.Append(text, copied, at - copied).Append(CultureInfo.InvariantCulture, $"\\u{{{hidden.Value:X2}}}");
                copied = at + hidden.Utf16SequenceLength;
            }

            at += whole.Utf16SequenceLength - 1;
        }

        return clean is null ? text : clean.Append(text, copied, text.Length - copied).ToString();
    }

    private static bool IsSafe(Rune rune, string text, int at) => rune.Value switch
    {
        '\n' or '\t' => true,
        '\r' => at + 1 < text.Length && text[at + 1] == '\n',
        < 0x20 or (>= 0x7F and <= 0x9F) => false,
        < 0x2000 => rune.Value is not (0xAD or 0x34F or 0x61C or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or 0x180E),
        >= 0x200B and <= 0x200F or >= 0x2028 and <= 0x202E or >= 0x2060 and <= 0x206F => false,
        0x3164 or 0xFEFF or 0xFFA0 or >= 0xFFF9 and <= 0xFFFB => false,
        >= 0xE0000 and <= 0xE0FFF => false,
        _ => true,
    };

    // Progress bars write one line a hundred times; the last state is what is on the screen.
    private static string Overwrite(string text)
    {
        var lines = text.Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n');
        for (var index = 0; index < lines.Length; index++) lines[index] = LastState(lines[index]);
        return string.Join('\n', lines);
    }

    private static string LastState(string line)
    {
        var trimmed = line.TrimEnd('\r');
        if (trimmed.LastIndexOf('\r') is >= 0 and var start) trimmed = trimmed[(start + 1)..];
        if (!trimmed.Contains('\b', StringComparison.Ordinal)) return trimmed;
        var kept = new StringBuilder(trimmed.Length);
        foreach (var character in trimmed)
        {
            if (character != '\b') kept.Append(character);
            else if (kept.Length > 0) kept.Length--;
        }

        return kept.ToString();
    }
}
