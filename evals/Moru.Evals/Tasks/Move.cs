namespace Moru.Evals;

/// <summary>What a scripted model does next, given what the last tool returned.</summary>
internal delegate Step Move(string lastResult);

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
        ? Step("run_command", ("command", command))
        : Step("run_command", ("command", command), ("timeout_seconds", timeoutSeconds));

    public static Move Run(Func<string, string> command) => last => Step("run_command", ("command", command(last)));

    public static Move Write(string path, string content) => Call("write_file", ("path", path), ("content", content));

    public static Move Read(string path) => Call("read_file", ("path", path));

    public static Move List(string path) => Call("read_file", ("path", path));

    public static Move Call(string tool, params (string Name, object? Value)[] arguments) => _ => Step(tool, arguments);

    public static Move Say(string text) => _ => new Step.Say(text);

    public static Move Say(Func<string, string> text) => last => new Step.Say(text(last));

    public static string FirstLine(string result) => result.Split('\n').First(line => line != "<untrusted>").Trim();

    private static Step.Call Step(string tool, params (string Name, object? Value)[] arguments) => new(tool, arguments.ToDictionary(pair => pair.Name, pair => pair.Value));
}
