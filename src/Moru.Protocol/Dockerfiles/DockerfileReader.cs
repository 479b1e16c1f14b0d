using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Moru.Protocol;

/// <summary>
/// Takes the text of a Dockerfile apart, in the same way where a client makes a template of it and where a server does. What the
/// instructions mean is theirs.
/// </summary>
public static partial class DockerfileReader
{
    /// <summary>The instructions in their order: comments left out, continued lines joined.</summary>
    public static IEnumerable<DockerfileInstruction> Instructions(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var (joined, first, number) = (new StringBuilder(), 0, 0);
        foreach (var raw in text.TrimStart('\uFEFF').Split('\n')) // nothing else ends a line, so that all who read the text see the same instructions
        {
            number++;
            var line = raw.TrimEnd();
            var start = line.TrimStart();
            if (start.Length == 0 || start[0] == '#') continue; // also between the lines of one instruction
            if (joined.Length == 0) first = number;
            if (line[^1] == '\\')
            {
                joined.Append(line, 0, line.Length - 1);
                continue;
            }

            yield return Instruction(joined.Append(line).ToString(), first);
            joined.Clear();
        }

        if (joined.Length > 0) yield return Instruction(joined.ToString(), first);
    }

    /// <summary>The arguments of an instruction in JSON form; null when it is in another.</summary>
    public static IReadOnlyList<string>? Json(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!text.StartsWith('[')) return null;
        try
        {
            using var parsed = JsonDocument.Parse(text);
            return [.. parsed.RootElement.EnumerateArray().Select(word => word.GetString() ?? throw new InvalidOperationException())];
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null; // a shell's test command begins with a bracket too
        }
    }

    /// <summary>Whether a line of shell takes what follows it as input, which is no instruction then.</summary>
    public static bool HasHeredoc(string text) => Heredoc().IsMatch(text);

    /// <summary>Names and values in turn of an ENV in either form: <c>NAME=value NAME=value</c>, or one name and the rest of the line.</summary>
    /// <exception cref="FormatException">It has one without a value, or a quote that is not closed.</exception>
    public static IReadOnlyList<string> Variables(string text)
    {
        var words = Words(text);
        if (words[0].Contains('=', StringComparison.Ordinal)) return [.. words.SelectMany(Pair)];
        var end = text.AsSpan().IndexOfAny(' ', '\t');
        return end < 0 ? [text, ""] : [text[..end], Unquote(text[end..].Trim())];
    }

    /// <summary>Splits at white space outside quotes, and takes the quotes away as <see cref="Unquote"/> does.</summary>
    /// <exception cref="FormatException">A quote is not closed.</exception>
    public static IReadOnlyList<string> Words(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var (words, word, quote) = (new List<string>(), new StringBuilder(), '\0');
        for (var i = 0; i < text.Length; i++)
        {
            var letter = text[i];
            if (quote == '\0' && char.IsWhiteSpace(letter))
            {
                if (word.Length > 0) words.Add(Unquote(word.ToString()));
                word.Clear();
                continue;
            }

            word.Append(letter);
            if (letter == '\\' && quote != '\'' && i + 1 < text.Length) word.Append(text[++i]);
            else quote = Quote(quote, letter);
        }

        if (word.Length > 0) words.Add(Unquote(word.ToString()));
        return words;
    }

    /// <summary>
    /// The value of a text with quotes, for a shell that reads it between double quotes: variables are left to it, but not what stood in
    /// single quotes, nor a command to run.
    /// </summary>
    /// <exception cref="FormatException">A quote is not closed.</exception>
    public static string Unquote(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var (value, quote) = (new StringBuilder(), '\0');
        for (var i = 0; i < text.Length; i++)
        {
            var (letter, before) = (text[i], quote);
            if (letter == '\\' && quote != '\'' && i + 1 < text.Length)
            {
                letter = text[++i];
                var staysEscaped = letter is '$' or '\\' or '`' || (quote == '"' && letter != '"');
                value.Append(staysEscaped ? "\\" : "").Append(letter);
                continue;
            }

            quote = Quote(quote, letter);
            if (quote != before) continue;
            value.Append(letter is '`' || (quote == '\'' && letter is '$' or '\\') ? "\\" : "").Append(letter);
        }

        return quote == '\0' ? value.ToString() : throw new FormatException($"a {quote} that is not closed");
    }

    /// <returns>The quote that is open after a letter.</returns>
    private static char Quote(char open, char letter) => open == '\0' ? letter is '"' or '\'' ? letter : '\0' : letter == open ? '\0' : open;

    private static string[] Pair(string word) =>
        word.Contains('=', StringComparison.Ordinal) ? word.Split('=', 2) : throw new FormatException($"'{word}', which is no NAME=value");

    [GeneratedRegex(@"(?<![<\w])<<-?[""']?[A-Za-z_]")]
    private static partial Regex Heredoc();

    private static DockerfileInstruction Instruction(string line, int number)
    {
        line = line.Trim();
        var end = line.AsSpan().IndexOfAny(' ', '\t');
        return end < 0 ? new DockerfileInstruction(line.ToUpperInvariant(), "", number) : new DockerfileInstruction(line[..end].ToUpperInvariant(), line[end..].Trim(), number);
    }
}

/// <summary>One instruction of a Dockerfile, with its continuation lines joined.</summary>
/// <param name="Keyword">Such as <c>RUN</c>, in capitals.</param>
/// <param name="Text">All that follows it.</param>
/// <param name="Line">Number of its first line.</param>
public readonly record struct DockerfileInstruction(string Keyword, string Text, int Line);
