using System.Text.RegularExpressions;
using Moru.Protocol;

namespace Moru;

/// <summary>Makes a template of a Dockerfile. What says nothing about the content of an image is left out; what a template cannot do is refused.</summary>
internal static partial class Dockerfile
{
    private const int MaxExpansions = 1_000;
    private const int MaxExpanded = 64 << 10;

    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(20);

    public static Template Parse(string text, string file, IReadOnlyList<string> templates)
    {
        var instructions = DockerfileReader.Instructions(text).Select(read => new SourceInstruction(read.Keyword, read.Text, new BuilderLine(file, read.Line))).ToList();
        var from = instructions.FindIndex(instruction => instruction.Keyword == "FROM");
        if (from < 0) throw new InvalidArgumentException($"{Path.GetFileName(file)} has no FROM instruction.");
        var variables = Defaults(instructions[..from]);
        var start = instructions[from].Line;
        var image = Read(instructions[from], () => Image(instructions[from], variables));
        var parent = templates.FirstOrDefault(name => name.Equals(image, StringComparison.OrdinalIgnoreCase));
        // An image has the user and directory that Docker takes without USER and WORKDIR; a template has its own.
        var template = parent is null
            ? Template.From(image, start).Add("USER", start, "root").Add("WORKDIR", start, "/")
            : Template.FromTemplate(parent, start.Number, start.File);

        string? entrypoint = null, command = null;
        var (hasUser, hasWorkdir, startLine) = (false, false, start);
        foreach (var instruction in instructions[(from + 1)..])
        {
            hasUser |= instruction.Keyword == "USER";
            hasWorkdir |= instruction.Keyword == "WORKDIR";
            if (instruction.Keyword is "CMD") (command, startLine) = (Started(instruction), instruction.Line);
            else if (instruction.Keyword is "ENTRYPOINT") (entrypoint, startLine) = (Started(instruction), instruction.Line);
            else template = Read(instruction, () => Step(template, instruction, variables));
        }

        if (!hasUser && parent is null) template = template.Add("USER", start, "user");
        if (!hasWorkdir && parent is null) template = template.Add("WORKDIR", start, "/home/user");
        return entrypoint is null && command is null
            ? template
            : template.SetStartCmd($"{entrypoint} {command}".Trim(), ReadyCommand.Timeout(StartTime), startLine.Number, startLine.File);
    }

    private static T Read<T>(SourceInstruction instruction, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (FormatException malformed)
        {
            throw instruction.Refuse($"has {malformed.Message}.");
        }
    }

    private static Template Step(Template template, SourceInstruction instruction, Dictionary<string, string> variables)
    {
        var (text, line) = (instruction.Text, instruction.Line);
        return instruction.Keyword switch
        {
            "EXPOSE" or "VOLUME" or "LABEL" or "MAINTAINER" or "STOPSIGNAL" or "HEALTHCHECK" => template,
            "FROM" => throw instruction.Refuse("a second time: a template has one stage. Copy what the other stages make by other means."),
            _ when text.Length == 0 => throw instruction.Refuse("needs arguments."),
            "RUN" when template.Parent is not null && !template.Instructions.Any(step => step.Type == "USER") => template.Add("RUN", line, Command(instruction), "root"),
            "RUN" => template.Add("RUN", line, Command(instruction)),
            "WORKDIR" => template.Add("WORKDIR", line, Expand(instruction, DockerfileReader.Unquote(text), variables)),
            "USER" => template.Add("USER", line, Expand(instruction, DockerfileReader.Unquote(text), variables).Split(':')[0]),
            "ENV" => template.Add("ENV", line, Noted(DockerfileReader.Variables(text), variables)),
            "ARG" => template.Add("ARG", line, Noted(DockerfileReader.Words(text).SelectMany(word => Argument(word, variables)), variables)),
            "COPY" or "ADD" => Copy(template, instruction, variables),
            _ => throw instruction.Refuse("is not supported in a template."),
        };
    }

    private static string Command(SourceInstruction instruction)
    {
        var text = CacheMount().Replace(instruction.Text, "");
        if (text.StartsWith("--", StringComparison.Ordinal)) throw instruction.Refuse($"with the option {text.Split(' ')[0]} is not supported in a template.");
        if (DockerfileReader.HasHeredoc(text)) throw instruction.Refuse("with a here-document is not supported in a template; copy a script and run it.");
        return Exec(text) ?? text;
    }

    private static Template Copy(Template template, SourceInstruction instruction, Dictionary<string, string> variables)
    {
        var words = (DockerfileReader.Json(instruction.Text) ?? DockerfileReader.Words(instruction.Text)).Select(word => Expand(instruction, word, variables)).ToList();
        var options = new CopyOptions { User = "root" }; // as Docker has it, whatever USER says
        foreach (var flag in words.TakeWhile(word => word.StartsWith("--", StringComparison.Ordinal)))
        {
            options = flag.Split('=', 2) switch
            {
                ["--chown", var owner] => options with { User = owner },
                ["--chmod", var mode] when Octal().IsMatch(mode) => options with { Mode = (UnixFileMode)Convert.ToInt32(mode, 8) },
                ["--link", ..] => options,
                ["--from", _] => throw instruction.Refuse("from another stage or image is not supported in a template."),
                _ => throw instruction.Refuse($"with the option {flag} is not supported in a template."),
            };
        }

        var paths = words.SkipWhile(word => word.StartsWith("--", StringComparison.Ordinal)).ToList();
        if (paths.Count < 2) throw instruction.Refuse("needs a source and a destination.");
        if (instruction.Keyword == "ADD" && paths[..^1].Find(path => RemoteOrArchive().IsMatch(path)) is { } special)
            throw instruction.Refuse($"of '{special}' is not supported in a template; fetch or unpack it with RUN.");
        var (file, number) = (instruction.Line.File, instruction.Line.Number);
        return paths.Count == 2 ? template.Copy(paths[0], paths[1], options, number, file) : template.Copy(paths[..^1], paths[^1], options, number, file);
    }

    private static string[] Argument(string word, Dictionary<string, string> variables) =>
        word.Split('=', 2) is [var name, var value] ? [name, value] : [word, variables.GetValueOrDefault(word, "")];

    /// <summary>Remembers names and values for the instructions that the template's shell does not read.</summary>
    private static string[] Noted(IEnumerable<string> pairs, Dictionary<string, string> variables)
    {
        var all = pairs.ToArray();
        for (var i = 0; i < all.Length; i += 2) variables[all[i]] = all[i + 1];
        return all;
    }

    private static Dictionary<string, string> Defaults(IEnumerable<SourceInstruction> beforeFrom)
    {
        var defaults = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var instruction in beforeFrom)
        {
            if (instruction.Keyword != "ARG") throw instruction.Refuse("stands before FROM, where only ARG may.");
            Read(instruction, () => Noted(DockerfileReader.Words(instruction.Text).SelectMany(word => Argument(word, defaults)), defaults));
        }

        return defaults;
    }

    private static string Image(SourceInstruction from, Dictionary<string, string> variables)
    {
        var words = DockerfileReader.Words(from.Text).SkipWhile(word => word.StartsWith("--", StringComparison.Ordinal)).ToList();
        return words.Count > 0 ? Expand(from, words[0], variables) : throw from.Refuse("needs an image.");
    }

    private static string Expand(SourceInstruction instruction, string word, Dictionary<string, string> variables)
    {
        // Values may name other variables, so that a few lines could stand for more text than there is memory.
        var (left, length) = (MaxExpansions, 0L);
        return Replace(word, variables);

        string Replace(string text, Dictionary<string, string> known) => Variable().Replace(text, found =>
        {
            var name = found.Groups["name"].Value;
            var replaced = found.Groups["escaped"] is { Success: true } escaped ? escaped.Value
                : known.TryGetValue(name, out var value) ? Replace(value, new(known.Where(pair => pair.Key != name)))
                : found.Groups["default"] is { Success: true } otherwise ? otherwise.Value
                : throw instruction.Refuse($"names ${name}, which no ARG or ENV before it gives a value.");
            if (--left < 0 || (length += replaced.Length) > MaxExpanded) throw instruction.Refuse("stands for too much text once its variables are replaced.");
            return replaced;
        });
    }

    private static string Started(SourceInstruction instruction) => Exec(instruction.Text) ?? $"/bin/sh -c {ShellWord.Quote(instruction.Text)}";

    private static string? Exec(string text) => DockerfileReader.Json(text) is { } words ? string.Join(' ', words.Select(ShellWord.Quote)) : null;

    [GeneratedRegex(@"\\(?<escaped>.)|\$\{(?<name>\w+)(:-(?<default>[^}]*))?\}|\$(?<name>\w+)")]
    private static partial Regex Variable();

    // It makes a build faster and changes nothing in its result.
    [GeneratedRegex(@"^(--mount=type=cache\S*\s+)+")]
    private static partial Regex CacheMount();

    [GeneratedRegex("^[0-7]{3,4}$")]
    private static partial Regex Octal();

    [GeneratedRegex(@"^(https?://|git@)|\.(tar|tgz|tar\.(gz|bz2|xz))$")]
    private static partial Regex RemoteOrArchive();

    /// <summary>An instruction, and where it stands.</summary>
    private readonly record struct SourceInstruction(string Keyword, string Text, BuilderLine Line)
    {
        public InvalidArgumentException Refuse(string why) => new($"{Line}: {Keyword} {why}");
    }
}
