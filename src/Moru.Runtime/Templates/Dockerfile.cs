using System.Text;
using System.Text.Json;

namespace Moru.Runtime;

/// <summary>
/// Reads a Dockerfile as the plan of a build, as official clients do: as root in <c>/</c> until it says otherwise, and in the end as
/// <c>user</c> in its home. What it says about running containers is left out; what would change the result and cannot be done is refused.
/// </summary>
public static class Dockerfile
{
    private const int MaxChars = 256 << 10;

    /// <exception cref="RuntimeException"><see cref="RuntimeError.InvalidArgument"/>, with the line.</exception>
    public static BuildPlan Parse(string text, string? startCommand, string? readyCommand)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length > MaxChars) throw Invalid($"the Dockerfile has more than {MaxChars} characters");
        string? image = null;
        var steps = new List<BuildStep>();
        foreach (var (number, line) in Lines(text))
        {
            var keyword = line.Split((char[]?)null, 2)[0].ToUpperInvariant();
            var rest = line[keyword.Length..].Trim();
            if (keyword == "FROM") image = image is null ? Image(number, rest) : throw Refused(number, "a second FROM; builds have one stage");
            else if (image is null) throw Refused(number, $"{keyword} before FROM");
            else if (Step(number, keyword, rest) is { } step) steps.Add(step);
        }

        if (image is null) throw Invalid("the Dockerfile has no FROM");
        var (user, workdir) = (steps.Exists(step => step.Type == "USER"), steps.Exists(step => step.Type == "WORKDIR"));
        return new BuildPlan
        {
            FromImage = image,
            Steps =
            [
                new BuildStep("USER", ["root"]), new BuildStep("WORKDIR", ["/"]), .. steps,
                .. user ? [] : new[] { new BuildStep("USER", [BuildContext.FirstUser]) }, .. workdir ? [] : new[] { new BuildStep("WORKDIR", ["/home/user"]) },
            ],
            StartCommand = startCommand,
            ReadyCommand = readyCommand,
        };
    }

    private static BuildStep? Step(int number, string keyword, string rest)
    {
        if (keyword is "CMD" or "ENTRYPOINT" or "EXPOSE" or "LABEL" or "MAINTAINER" or "VOLUME" or "STOPSIGNAL" or "HEALTHCHECK") return null;
        if (rest.Length == 0) throw Refused(number, $"{keyword} without anything");
        return keyword switch
        {
            "RUN" => new BuildStep(keyword, [Command(number, rest)]),
            "WORKDIR" => new BuildStep(keyword, [Plain(number, keyword, rest)]),
            "USER" => new BuildStep(keyword, [Plain(number, keyword, rest).Split(':')[0]]),
            "ENV" => new BuildStep(keyword, Pairs(number, rest)),
            "ARG" => new BuildStep(keyword, [.. Words(number, rest).SelectMany(word => word.Contains('=') ? word.Split('=', 2) : [word, ""])]),
            "COPY" or "ADD" => throw Refused(number, $"{keyword}, but no files come with this call; build it with POST /v3/templates, which official SDKs use"),
            _ => throw Refused(number, $"{keyword}, which builds do not know"),
        };
    }

    private static string Image(int number, string rest) => Words(number, rest) is { Count: 1 or 3 } words && !words[0].StartsWith('-')
        ? words[0]
        : throw Refused(number, "a FROM that is not FROM image or FROM image AS name");

    /// <summary>A JSON array is a program and its arguments, anything else a line of shell.</summary>
    private static string Command(int number, string rest)
    {
        if (rest.StartsWith("--", StringComparison.Ordinal) || rest.StartsWith("<<", StringComparison.Ordinal))
            throw Refused(number, "options or a here-document of RUN, which builds do not know");
        if (!rest.StartsWith('[')) return rest;
        try
        {
            var words = JsonDocument.Parse(rest).RootElement.EnumerateArray().Select(word => word.GetString() ?? "");
            return string.Join(' ', words.Select(word => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'"));
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            return rest; // a test such as [ -e file ]
        }
    }

    private static string[] Pairs(int number, string rest)
    {
        var words = Words(number, rest);
        if (words.TrueForAll(word => word.Contains('='))) return [.. words.SelectMany(word => word.Split('=', 2))];
        if (words[0].Contains('=')) throw Refused(number, $"'{words.First(word => !word.Contains('='))}', which is no NAME=value");
        return [words[0], string.Join(' ', words[1..])]; // the old form
    }

    private static string Plain(int number, string keyword, string rest) => Words(number, rest) is [var word] && !word.AsSpan().ContainsAny("$`\\")
        ? word
        : throw Refused(number, $"{keyword} with a variable or more than one word");

    /// <summary>Words without their quotes, for the shell that sets variables: what it may not expand has a backslash before it.</summary>
    private static List<string> Words(int number, string rest)
    {
        var (words, word, quote) = (new List<string>(), (StringBuilder?)null, '\0');
        for (var i = 0; i < rest.Length; i++)
        {
            var at = rest[i];
            if (quote == '\0' && char.IsWhiteSpace(at))
            {
                if (word is not null) words.Add(word.ToString());
                word = null;
                continue;
            }

            word ??= new StringBuilder();
            if (at == quote) quote = '\0';
            else if (quote == '\0' && at is '"' or '\'') quote = at;
            else if (at == '\\' && quote != '\'' && i + 1 < rest.Length && (quote == '\0' || rest[i + 1] is '"' or '$' or '\\')) word.Append(Literal(rest[++i]));
            else word.Append(at == '$' && quote != '\'' ? "$" : Literal(at));
        }

        if (quote != '\0') throw Refused(number, $"a {quote} that is not closed");
        if (word is not null) words.Add(word.ToString());
        return words;
    }

    private static string Literal(char at) => at is '$' or '`' or '\\' ? $"\\{at}" : at.ToString();

    /// <summary>Instructions with the number of their first line: comments left out, continued lines joined.</summary>
    private static IEnumerable<(int Number, string Line)> Lines(string text)
    {
        var (joined, first, number) = (new StringBuilder(), 0, 0);
        foreach (var raw in text.Split('\n'))
        {
            number++;
            var line = raw.Trim();
            if (line.Length == 0 || line[0] == '#') continue;
            if (joined.Length == 0) first = number;
            if (line[^1] == '\\')
            {
                joined.Append(line, 0, line.Length - 1).Append(' ');
                continue;
            }

            yield return (first, joined.Append(line).ToString());
            joined.Clear();
        }

        if (joined.Length > 0) yield return (first, joined.ToString().Trim());
    }

    private static RuntimeException Refused(int number, string what) => Invalid($"line {number} of the Dockerfile has {what}");

    private static RuntimeException Invalid(string problem) => new(RuntimeError.InvalidArgument, problem);
}
