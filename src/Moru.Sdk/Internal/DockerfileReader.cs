using System.Text;
using System.Text.Json;

namespace Moru;

/// <summary>One instruction of a Dockerfile, with its continuation lines joined.</summary>
internal readonly record struct DockerfileInstruction(string Keyword, string Text, BuilderLine Line)
{
    public InvalidArgumentException Refuse(string why) => new($"{Line}: {Keyword} {why}");
}

/// <summary>Takes the text of a Dockerfile apart.</summary>
internal static class DockerfileReader
{
    public static IEnumerable<DockerfileInstruction> Instructions(string text, string file)
    {
        var (joined, first, number) = (new StringBuilder(), 0, 0);
        foreach (var raw in text.ReplaceLineEndings("\n").TrimStart('\uFEFF').Split('\n'))
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

            yield return Instruction(joined.Append(line).ToString(), new BuilderLine(file, first));
            joined.Clear();
        }

        if (joined.Length > 0) yield return Instruction(joined.ToString(), new BuilderLine(file, first));
    }

    /// <summary>The arguments of an instruction in JSON form; null when it is in another.</summary>
    public static IReadOnlyList<string>? Json(string text)
    {
        if (!text.StartsWith('[')) return null;
        try
        {
            using var parsed = JsonDocument.Parse(text);
            return [.. parsed.RootElement.EnumerateArray().Select(word => word.GetString()!)];
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null; // a shell's test command begins with a bracket too
        }
    }

    /// <summary>Splits at white space outside quotes, and takes the quotes away.</summary>
    public static IReadOnlyList<string> Words(string text)
    {
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

    /// <summary>The value of a text with quotes, for a shell that reads it between double quotes: what stood in single ones is kept from it.</summary>
    public static string Unquote(string text)
    {
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
            value.Append(quote == '\'' && letter is '$' or '`' or '\\' ? "\\" : "").Append(letter);
        }

        return value.ToString();
    }

    /// <returns>The quote that is open after a letter.</returns>
    private static char Quote(char open, char letter) => open == '\0' ? letter is '"' or '\'' ? letter : '\0' : letter == open ? '\0' : open;

    private static DockerfileInstruction Instruction(string line, BuilderLine at)
    {
        line = line.Trim();
        var end = line.AsSpan().IndexOfAny(' ', '\t');
        return end < 0 ? new DockerfileInstruction(line.ToUpperInvariant(), "", at) : new DockerfileInstruction(line[..end].ToUpperInvariant(), line[end..].Trim(), at);
    }
}
