using Moru.Protocol;

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
        foreach (var (keyword, rest, number) in DockerfileReader.Instructions(text))
        {
            try
            {
                if (keyword == "FROM") image = image is null ? Image(number, rest) : throw Refused(number, "a second FROM; builds have one stage");
                else if (image is null) throw Refused(number, $"{keyword} before FROM");
                else if (Step(number, keyword, rest) is { } step) steps.Add(step);
            }
            catch (FormatException malformed)
            {
                throw Refused(number, malformed.Message);
            }
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
            "ENV" => new BuildStep(keyword, DockerfileReader.Variables(rest)),
            "ARG" => new BuildStep(keyword, [.. DockerfileReader.Words(rest).SelectMany(word => word.Contains('=') ? word.Split('=', 2) : [word, ""])]),
            "COPY" or "ADD" => throw Refused(number, $"{keyword}, but no files come with this call; build it with POST /v3/templates, which official SDKs use"),
            _ => throw Refused(number, $"{keyword}, which builds do not know"),
        };
    }

    private static string Image(int number, string rest) => DockerfileReader.Words(rest) is { Count: 1 or 3 } words && !words[0].StartsWith('-')
        ? words[0]
        : throw Refused(number, "a FROM that is not FROM image or FROM image AS name");

    /// <summary>A JSON array is a program and its arguments, anything else a line of shell.</summary>
    private static string Command(int number, string rest)
    {
        if (rest.StartsWith("--", StringComparison.Ordinal) || DockerfileReader.HasHeredoc(rest))
            throw Refused(number, "options or a here-document of RUN, which builds do not know");
        return DockerfileReader.Json(rest) is { } words ? string.Join(' ', words.Select(word => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'")) : rest;
    }

    private static string Plain(int number, string keyword, string rest) => DockerfileReader.Words(rest) is [var word] && !word.AsSpan().ContainsAny("$`\\")
        ? word
        : throw Refused(number, $"{keyword} with a variable or more than one word");

    private static RuntimeException Refused(int number, string what) => Invalid($"line {number} of the Dockerfile has {what}");

    private static RuntimeException Invalid(string problem) => new(RuntimeError.InvalidArgument, problem);
}
