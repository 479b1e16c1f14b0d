using static Moru.Evals.Moves;

namespace Moru.Evals;

/// <summary>Programs that expect somebody at a terminal.</summary>
internal static class TerminalTasks
{
    public static IEnumerable<EvalTask> All =>
    [
        new()
        {
            Id = "terminal/vim",
            Prompt = "With vi, delete every line with TODO in ~/notes.txt.",
            Files = new Dictionary<string, string> { ["notes.txt"] = "keep\nTODO one\nkeep too\nTODO two\n" },
            CheckAsync = done => done.FileIsAsync("notes.txt", "keep\nkeep too"),
            Solution = [Run("vi -es -c 'g/TODO/d' -c 'wq' notes.txt; cat notes.txt"), Say("Deleted.")],
        },
        new()
        {
            Id = "terminal/needs-a-terminal",
            Fast = true,
            Prompt = "~/fussy.py only works in a terminal. What secret does it print?",
            Files = new Dictionary<string, string> { ["fussy.py"] = "import sys\nprint('the secret is ' + 'xyz'[::-1] if sys.stdout.isatty() else 'not a terminal')\n" },
            CheckAsync = done => done.AnswerHasAsync("zyx"),
            Solution = [Run("python3 fussy.py"), Run("script -qec 'python3 fussy.py' /dev/null"), Say(FirstLine)],
        },
        new()
        {
            Id = "terminal/questions",
            Prompt = "~/wizard.py asks for a name and a colour and writes ~/profile.txt. Answer Ada and green.",
            Files = new Dictionary<string, string> { ["wizard.py"] = "name = input('Name? ')\ncolour = input('Colour? ')\nopen('profile.txt', 'w').write(f'{name} likes {colour}\\n')\n" },
            CheckAsync = done => done.FileIsAsync("profile.txt", "Ada likes green"),
            Solution = [Run("printf 'Ada\\ngreen\\n' | python3 wizard.py; cat profile.txt"), Say("Answered.")],
        },
        new()
        {
            Id = "terminal/size",
            Prompt = "Run ~/wide.sh in a terminal of 132 columns and tell what it prints.",
            Files = new Dictionary<string, string> { ["wide.sh"] = "set -- $(stty size); [ \"$2\" = 132 ] && echo wide enough || echo too narrow: $2\n" },
            CheckAsync = done => done.AnswerHasAsync("wide enough"),
            Solution = [Run("script -qec 'stty cols 132 rows 40; sh wide.sh' /dev/null"), Say(FirstLine)],
        },
    ];
}
