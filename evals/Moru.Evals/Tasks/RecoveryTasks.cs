using System.Text.RegularExpressions;
using Moru.Tools;
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
        Recovery("argument-name", [Call("run_command", ("cmd", "echo recovered")), error => Act("run_command", (Example(error), "echo recovered")), Say(FirstLine)], fast: true),
        Recovery("argument-type", [Call("run_command", ("command", "echo recovered"), ("timeout_seconds", "soon")), error => Act("run_command", ("command", "echo recovered"), ("timeout_seconds", int.Parse(Match(error, @"from (\d+) to")))), Say(FirstLine)]),
        Recovery("argument-missing", [Call("read_file"), error => Act("read_file", (Match(error, "`(\\w+)` is missing"), "target.txt")), Say(FirstLine)]),
        Recovery("file-missing", [Read("docs/tarket.txt"), error => Act("read_file", ("path", "docs/" + Match(error, @"has: <untrusted>(target\.txt)"))), Say(FirstLine)]),
        Recovery("below-a-file", [Read("target.txt/below"), error => Act("read_file", ("path", Match(error, "'(target.txt)' is a file"))), Say(FirstLine)]),
        Recovery("line-beyond-the-end", [Call("read_file", ("path", "target.txt"), ("start_line", 99)), error => Act("read_file", ("path", "target.txt"), ("start_line", int.Parse(Match(error, @"only (\d+) lines")))), Say(FirstLine)]),
        Recovery("no-such-directory", [Call("run_command", ("command", "echo recovered"), ("cwd", "work")), error => Act("run_command", ("command", Match(error, "`(mkdir -p)`") + " work")), _ => Act("run_command", ("command", "echo recovered"), ("cwd", "work")), Say(FirstLine)]),
        Recovery("no-such-user", [Call("run_command", ("command", "echo recovered"), ("user", "ada")), error => Match(error, "Leave out `(user)`") is var _ ? Act("run_command", ("command", "echo recovered")) : null!, Say(FirstLine)]),
        Recovery("binary-file", [Read("binary.dat"), error => Act("run_command", ("command", Match(error, "`(xxd) FILE") is var _ ? "python3 -c \"print(open('binary.dat','rb').read().strip(b'\\0\\xff').decode())\"" : "")), Say(FirstLine)]),
        Recovery("write-to-a-directory", [Call("write_file", ("path", "docs"), ("content", "x")), error => Match(error, "give a (file name) inside") is var _ ? Act("run_command", ("command", "cat docs/target.txt")) : null!, Say(FirstLine)]),
        Recovery("time-out", [Call("run_command", ("command", "sleep 2; cat target.txt"), ("timeout_seconds", 1)), error => Act("run_command", ("command", "sleep 2; cat target.txt"), (Match(error, @"with a larger (timeout_seconds)"), 30)), Say(FirstLine)]),
        Recovery("output-cut", [Run("seq 1 9000; cat target.txt; seq 1 9000"), error => Act("run_command", ("command", Match(error, "(grep)") + " recovered target.txt")), Say(FirstLine)]),
        Recovery("code-time-limit", [Call("run_code", ("code", "word = open('target.txt').read()\nwhile True: pass"), ("timeout_seconds", 1)), error => Match(error, "variables are (kept)") is var _ ? Act("run_code", ("code", "word")) : null!, Say(result => result)]),
        Recovery("unknown-terminal", [Call("open_terminal", ("command", "less target.txt")), Call("use_terminal", ("pid", 999_999_999)), error => Act("use_terminal", ("pid", int.Parse(Match(error, @"Open there: (\d+)")))), Say(FirstLine)], fast: true) with { Toolsets = Toolsets.Core | Toolsets.Pty, Deterministic = false },
        Recovery("unknown-template", [Call("create_sandbox", ("template", "bass"), ("timeout_seconds", 60)), error => Act("create_sandbox", ("template", Match(error, @"There are: .*?\b(base)\b")), ("timeout_seconds", 60)), made => Act("kill_sandbox", ("sandbox_id", Match(made, "Created sandbox (\\w+)"))), Say("recovered")]) with { Toolsets = Toolsets.Core | Toolsets.Templates, Deterministic = false },
        Recovery("template-copy", [Call("build_template", ("name", "eval-recovered"), ("dockerfile", "FROM moru/base\nCOPY word.txt /word.txt"), ("wait_seconds", 300)), error => Act("build_template", ("name", "eval-recovered"), ("dockerfile", $"FROM moru/base\n{Match(error, "example: (RUN printf '%s.n')")} recovered > /word.txt"), ("wait_seconds", 300)), Say("recovered")]) with
        {
            Toolsets = Toolsets.Core | Toolsets.Templates, Builds = "eval-recovered", Deterministic = false, CheckAsync = done => done.TemplateSaysAsync("eval-recovered", "cat /word.txt", "recovered"),
        },
        Recovery("unknown-volume", [Call("volume_file", ("volume", "eval-shelv"), ("action", "read"), ("path", "/target.txt")), error => Act("volume_file", ("volume", Match(error, "There are: .*?(eval-shelf)")), ("action", "read"), ("path", "/target.txt")), Say(FirstLine)]) with
        {
            Toolsets = Toolsets.Core | Toolsets.Volumes, Volume = "eval-shelf", VolumeFiles = new Dictionary<string, string> { ["/target.txt"] = "recovered\n" },
        },
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
}
