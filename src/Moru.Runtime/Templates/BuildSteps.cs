using System.Text.RegularExpressions;

namespace Moru.Runtime;

/// <summary>What each type of step does in a build sandbox, and to the context of the next one.</summary>
internal static partial class BuildSteps
{
    /// <summary>Whether the step changes what is on the disk.</summary>
    public static bool WritesDisk(BuildStep step) => step.Kind is not ("ENV" or "ARG");

    public static bool TakesFiles(BuildStep step) => step.Kind is "COPY" or "ADD";

    /// <exception cref="BuildException">The step is malformed or fails.</exception>
    public static Task<BuildContext> RunAsync(
        BuildStep step, Stream? files, BuildContext context, BuildSandbox sandbox, Action<bool, string> onLine, CancellationToken cancellationToken) => step.Kind switch
    {
        "RUN" => RunAsync(step, context, sandbox, onLine, cancellationToken),
        "COPY" or "ADD" => CopyAsync(step, files, context, sandbox, cancellationToken),
        "WORKDIR" => WorkdirAsync(step, context, sandbox, cancellationToken),
        "USER" => UserAsync(step, context, sandbox, cancellationToken),
        "ENV" or "ARG" => SetAsync(step, context, sandbox, cancellationToken),
        _ => throw new BuildException($"unknown step type '{step.Type}'; use RUN, COPY, ADD, WORKDIR, USER, ENV or ARG"),
    };

    private static async Task<BuildContext> RunAsync(
        BuildStep step, BuildContext context, BuildSandbox sandbox, Action<bool, string> onLine, CancellationToken cancellationToken)
    {
        var command = Argument(step, 0, "a command");
        var user = step.Args.Count > 1 && step.Args[1].Length > 0 ? step.Args[1] : context.User;
        await sandbox.RunAsync(command, context, user, onLine, cancellationToken);
        return context;
    }

    private static async Task<BuildContext> CopyAsync(BuildStep step, Stream? files, BuildContext context, BuildSandbox sandbox, CancellationToken cancellationToken)
    {
        var source = Argument(step, 0, "a source");
        var target = Argument(step, 1, "a destination");
        var owner = step.Args.Count > 2 && step.Args[2].Length > 0 ? step.Args[2] : context.User;
        var mode = step.Args.Count > 3 ? step.Args[3] : "";
        if (mode.Length > 0 && !Mode().IsMatch(mode)) throw new BuildException($"{step.Kind} has the mode '{mode}', which is not octal");
        if (files is null) throw new BuildException($"{step.Kind} of '{source}' needs its files to be uploaded first");

        var home = context.Workdir ?? await HomeAsync(context, sandbox, cancellationToken);
        var absolute = BuildContext.Absolute(home, target);
        var archive = $"/tmp/.moru-{Guid.NewGuid():N}.tar";
        await sandbox.UploadAsync(archive, files, cancellationToken);
        await sandbox.ScriptAsync(
            step.Text, BuildScripts.Copy,
            new Dictionary<string, string>
            {
                ["MORU_ARCHIVE"] = archive,
                ["MORU_SOURCE"] = WithoutGlob(source),
                ["MORU_DEST"] = target.EndsWith('/') && absolute != "/" ? absolute + "/" : absolute,
                ["MORU_OWNER"] = owner,
                ["MORU_MODE"] = mode,
            },
            cancellationToken);
        return context;
    }

    private static async Task<BuildContext> WorkdirAsync(BuildStep step, BuildContext context, BuildSandbox sandbox, CancellationToken cancellationToken)
    {
        var path = BuildContext.Absolute(context.Workdir ?? "/", Argument(step, 0, "a path"));
        await sandbox.ScriptAsync(
            step.Text, BuildScripts.MakeDirectory, new Dictionary<string, string> { ["MORU_PATH"] = path, ["MORU_USER"] = context.User }, cancellationToken);
        var there = context with { Workdir = path };
        await sandbox.RunAsync("pwd", there, context.User, (_, _) => { }, cancellationToken);
        return there;
    }

    private static async Task<BuildContext> UserAsync(BuildStep step, BuildContext context, BuildSandbox sandbox, CancellationToken cancellationToken)
    {
        var user = Argument(step, 0, "a name");
        if (!UserName().IsMatch(user)) throw new BuildException($"'{user}' is no user name");
        var sudo = step.Args.Count > 1 && step.Args[1] == "true" ? "true" : "";
        await sandbox.ScriptAsync(
            step.Text, "set -e\n" + BuildScripts.AddUser, new Dictionary<string, string> { ["MORU_USER"] = user, ["MORU_SUDO"] = sudo }, cancellationToken);
        return context with { User = user };
    }

    /// <summary>A shell of the context's user expands the values, so that $PATH and the like mean what they mean in a Dockerfile.</summary>
    private static async Task<BuildContext> SetAsync(BuildStep step, BuildContext context, BuildSandbox sandbox, CancellationToken cancellationToken)
    {
        if (step.Args.Count == 0 || step.Args.Count % 2 != 0) throw new BuildException($"{step.Kind} needs pairs of a name and a value");
        var target = new Dictionary<string, string>(step.Kind == "ENV" ? context.Env : context.Arguments);
        for (var i = 0; i < step.Args.Count; i += 2)
        {
            if (!VariableName().IsMatch(step.Args[i])) throw new BuildException($"'{step.Args[i]}' is no name of a variable");
            var lines = new List<string>();
            var value = step.Args[i + 1].Replace("\"", "\\\"", StringComparison.Ordinal);
            if (value.Contains('$') || value.Contains('`') || value.Contains('\\'))
                await sandbox.RunAsync($"printf '%s' \"{value}\"", context, context.User, (isError, line) => { if (!isError) lines.Add(line); }, cancellationToken);
            else lines.Add(step.Args[i + 1]);
            target[step.Args[i]] = string.Join('\n', lines);
        }

        return step.Kind == "ENV" ? context with { Env = target } : context with { Arguments = target };
    }

    private static async Task<string> HomeAsync(BuildContext context, BuildSandbox sandbox, CancellationToken cancellationToken)
    {
        var home = "/";
        await sandbox.RunAsync("printf '%s' \"$HOME\"", context with { Workdir = "/" }, context.User, (isError, line) => home = isError ? home : line, cancellationToken);
        return home;
    }

    /// <summary>The folder that a pattern's files are below.</summary>
    internal static string WithoutGlob(string source)
    {
        var parts = source.Split('/').Where(part => part is not ("" or ".")).TakeWhile(part => !part.AsSpan().ContainsAny("*?[{")).ToArray();
        return parts.Contains("..") ? throw new BuildException($"'{source}' leads out of the uploaded files") : string.Join('/', parts) is { Length: > 0 } path ? path : ".";
    }

    private static string Argument(BuildStep step, int index, string what) =>
        step.Args.Count > index && step.Args[index].Length > 0 ? step.Args[index] : throw new BuildException($"{step.Kind} needs {what}");

    [GeneratedRegex("^[0-7]{3,4}\\z")]
    private static partial Regex Mode();

    [GeneratedRegex("^[a-zA-Z_][a-zA-Z0-9_.-]{0,31}\\z")]
    private static partial Regex UserName();

    [GeneratedRegex("^[a-zA-Z_][a-zA-Z0-9_]*\\z")]
    private static partial Regex VariableName();
}
