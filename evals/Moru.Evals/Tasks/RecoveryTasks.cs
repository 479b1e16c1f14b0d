using System.Text.RegularExpressions;
using static Moru.Evals.Moves;

namespace Moru.Evals;

/// <summary>
/// Calls that go wrong. The fixer knows nothing but the words of the error: what it does next it reads there, so that a task fails when
/// the message no longer leads on.
/// </summary>
internal static class RecoveryTasks
{
    public static IEnumerable<EvalTask> All =>
    [
        Recovery("argument-name", [Call("run_command", ("cmd", "echo recovered")), error => Step("run_command", (Example(error), "echo recovered")), Say(FirstLine)], fast: true),
        Recovery("argument-type", [Call("run_command", ("command", "echo recovered"), ("timeout_seconds", "soon")), error => Step("run_command", ("command", "echo recovered"), ("timeout_seconds", int.Parse(Match(error, @"from (\d+) to")))), Say(FirstLine)]),
        Recovery("argument-missing", [Call("read_file"), error => Step("read_file", (Match(error, "`(\\w+)` is missing"), "target.txt")), Say(FirstLine)]),
        Recovery("file-missing", [Read("docs/tarket.txt"), error => Step("read_file", ("path", "docs/" + Match(error, @"has: (target\.txt)"))), Say(FirstLine)]),
        Recovery("below-a-file", [Read("target.txt/below"), error => Step("read_file", ("path", Match(error, "'(target.txt)' is a file"))), Say(FirstLine)]),
        Recovery("line-beyond-the-end", [Call("read_file", ("path", "target.txt"), ("start_line", 99)), error => Step("read_file", ("path", "target.txt"), ("start_line", int.Parse(Match(error, @"only (\d+) lines")))), Say(FirstLine)]),
        Recovery("no-such-directory", [Call("run_command", ("command", "echo recovered"), ("cwd", "work")), error => Step("run_command", ("command", Match(error, "`(mkdir -p)`") + " work")), _ => Step("run_command", ("command", "echo recovered"), ("cwd", "work")), Say(FirstLine)]),
        Recovery("no-such-user", [Call("run_command", ("command", "echo recovered"), ("user", "ada")), error => Match(error, "Leave out `(user)`") is var _ ? Step("run_command", ("command", "echo recovered")) : null!, Say(FirstLine)]),
        Recovery("binary-file", [Read("binary.dat"), error => Step("run_command", ("command", Match(error, "`(xxd) FILE") is var _ ? "python3 -c \"print(open('binary.dat','rb').read().strip(b'\\0\\xff').decode())\"" : "")), Say(FirstLine)]),
        Recovery("write-to-a-directory", [Call("write_file", ("path", "docs"), ("content", "x")), error => Match(error, "give a (file name) inside") is var _ ? Step("run_command", ("command", "cat docs/target.txt")) : null!, Say(FirstLine)]),
        Recovery("time-out", [Call("run_command", ("command", "sleep 2; cat target.txt"), ("timeout_seconds", 1)), error => Step("run_command", ("command", "sleep 2; cat target.txt"), (Match(error, @"with a larger (timeout_seconds)"), 30)), Say(FirstLine)]),
        Recovery("output-cut", [Run("seq 1 9000; cat target.txt; seq 1 9000"), error => Step("run_command", ("command", Match(error, "(grep)") + " recovered target.txt")), Say(FirstLine)]),
    ];

    private static EvalTask Recovery(string name, Move[] solution, bool fast = false) => new()
    {
        Id = $"recovery/{name}",
        Fast = fast,
        ToolsOnly = true,
        Prompt = "Find the word that ~/target.txt and ~/docs/target.txt hold, or that a first call would print.",
        Files = new Dictionary<string, string> { ["target.txt"] = "recovered\n", ["docs/target.txt"] = "recovered\n" },
        Setup = "printf '\\377\\0recovered\\0' > binary.dat",
        CheckAsync = done => done.AnswerHasAsync("recovered"),
        Solution = solution,
    };

    /// <summary>First argument of the correct call that a message shows.</summary>
    private static string Example(string error) => Match(error, "A correct call: \\w+ \\{\"(\\w+)\"");

    private static string Match(string text, string pattern) => Regex.Match(text, pattern) is { Success: true } match
        ? match.Groups[1].Value
        : throw new InvalidOperationException($"The message leads nowhere: it lacks {pattern}. It says: {text}");

    private static Step Step(string tool, params (string Name, object? Value)[] arguments) => Call(tool, arguments)("");
}
