using System.Globalization;
using System.Text;

namespace Moru.Tools;

/// <summary>
/// Makes text from a sandbox safe to show: what a terminal would obey and what an eye cannot see (control sequences, bidirectional
/// overrides, zero-width and tag characters) becomes visible or goes, and nothing in it can pretend to be ours.
/// </summary>
internal static class CleanText
{
    private const string Open = "<untrusted>";
    private const string Close = "</untrusted>";

    /// <summary>Text of a file: every character that stays is the file's own, the others are shown as escapes.</summary>
    public static string OfFile(string text) => Escape(text, isName: false);

    /// <summary>A name or another text that is one line: line ends in it are shown as escapes, too.</summary>
    public static string OfName(string text) => Escape(text, isName: true);

    /// <summary>Output of a program as a terminal would leave it: without colours, and of a line that was overwritten the last state.</summary>
    public static string OfOutput(string text) => OfFile(text.AsSpan().IndexOfAny('\e', '\r', '\b') < 0 ? text : Overwrite(TerminalText.Strip(text)));

    /// <summary>Marks text as data of a sandbox, so that a model does not take it for instructions.</summary>
    public static string Mark(string clean)
    {
        if (clean.Length == 0) return "";
        var inner = Closed(clean);
        return $"{Open}\n{inner}{(inner[^1] == '\n' ? "" : "\n")}{Close}\n";
    }

    /// <summary>Marks a part of a sentence of ours, which a name or message out of a sandbox is.</summary>
    public static string MarkWords(string text) => $"{Open}{Closed(OfName(text))}{Close}";

    /// <summary>Bytes of a character as it is shown: that of an escape when it is not safe.</summary>
    /// <param name="text">Where it stands.</param>
    /// <param name="at">Its place.</param>
    /// <param name="length">Its UTF-16 units.</param>
    public static int Cost(ReadOnlySpan<char> text, int at, out int length)
    {
        Rune.DecodeFromUtf16(text[at..], out var rune, out length);
        return IsSafe(rune, text, at) ? rune.Utf8SequenceLength : EscapeOf(rune).Length;
    }

    private static string Closed(string text) => text.Replace("</untrusted", "<\\/untrusted", StringComparison.OrdinalIgnoreCase);

    private static string EscapeOf(Rune rune) => string.Create(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:X2}}}");

    private static string Escape(string text, bool isName)
    {
        StringBuilder? clean = null;
        var copied = 0;
        for (var at = 0; at < text.Length; at++)
        {
            // Half of a surrogate pair decodes as the replacement character, which is what is shown.
            Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out var length);
            var isHalf = rune == Rune.ReplacementChar && text[at] != '\uFFFD';
            if (isHalf || !IsSafe(rune, text, at) || (isName && rune.Value is '\n' or '\r' or '\t'))
            {
                clean ??= new StringBuilder(text.Length + 64);
                clean.Append(text, copied, at - copied).Append(isHalf ? "\uFFFD" : EscapeOf(rune));
                copied = at + length;
            }

            at += length - 1;
        }

        return clean is null ? text : clean.Append(text, copied, text.Length - copied).ToString();
    }

    private static bool IsSafe(Rune rune, ReadOnlySpan<char> text, int at) => rune.Value switch
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
