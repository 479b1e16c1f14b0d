using System.Text.RegularExpressions;

namespace Moru.Evals;

/// <summary>What a scripted model does next, given what it has seen.</summary>
internal delegate Step Move(Seen seen);

/// <summary>What the tools have returned so far. As a string, it is the last of that.</summary>
internal sealed record Seen(IReadOnlyList<string> Results)
{
    public string Last => Results.Count == 0 ? "" : Results[^1];

    public static implicit operator string(Seen seen) => seen.Last;

    /// <summary>First group of a pattern in the newest result that has it.</summary>
    public string Find(string pattern) =>
        Results.Reverse().Select(result => Regex.Match(result, pattern)).FirstOrDefault(match => match.Success)?.Groups[1].Value
        ?? throw new InvalidOperationException($"No tool has returned {pattern}. The last returned: {Last}");
}

/// <summary>A call or an answer, in the words of no face in particular.</summary>
internal abstract record Step
{
    /// <summary>A tool is called.</summary>
    public sealed record Call(string Tool, IReadOnlyDictionary<string, object?> Arguments) : Step;

    /// <summary>The task is answered.</summary>
    public sealed record Say(string Text) : Step;
}

/// <summary>The moves that scripts are written in.</summary>
internal static class Moves
{
    public static Move Run(string command, int timeoutSeconds = 60) => _ => timeoutSeconds == 60
        ? Act("run_command", ("command", command))
        : Act("run_command", ("command", command), ("timeout_seconds", timeoutSeconds));

    public static Move RunCode(string code) => Call("run_code", ("code", code));

    public static Move Write(string path, string content) => Call("write_file", ("path", path), ("content", content));

    public static Move Read(string path) => Call("read_file", ("path", path));

    public static Move List(string path) => Call("read_file", ("path", path));

    public static Move Call(string tool, params (string Name, object? Value)[] arguments) => _ => Act(tool, arguments);

    public static Move Say(string text) => _ => new Step.Say(text);

    public static Move Say(Func<string, string> text) => seen => new Step.Say(text(seen));

    public static string FirstLine(string result) => result.Split('\n').First(line => line != "<untrusted>").Trim();

    public static Step.Call Act(string tool, params (string Name, object? Value)[] arguments) => new(tool, arguments.ToDictionary(pair => pair.Name, pair => pair.Value));
}
