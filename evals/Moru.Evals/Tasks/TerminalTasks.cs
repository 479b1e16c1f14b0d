using Moru.Tools;
using static Moru.Evals.Moves;

namespace Moru.Evals;

/// <summary>Programs that expect somebody at a terminal.</summary>
internal static class TerminalTasks
{
    private const string Menu = """
        import curses
        items = ['apples', 'pears', 'quinces', 'plums']

        def main(screen):
            at = moves = 0
            while True:
                screen.erase()
                for n, item in enumerate(items):
                    screen.addstr(n, 0, ('> ' if n == at else '  ') + item)
                screen.refresh()
                key = screen.getch()
                if key in (10, 13):
                    return f'{items[at]} after {moves} moves\n'
                at = max(0, min(at + {curses.KEY_DOWN: 1, curses.KEY_UP: -1}.get(key, 0), len(items) - 1))
                moves += 1

        open('choice.txt', 'w').write(curses.wrapper(main))
        """;

    private const string Vault = """
        import getpass, os, sys
        if not os.isatty(0):
            sys.exit('This needs a terminal.')
        word = getpass.getpass('Password: ')
        print('The code is', 4096 + 4032 if word == 'swordfish' else 'secret')
        input('Press Enter to close')
        """;

    public static IEnumerable<EvalTask> All =>
    [
        new()
        {
            Id = "terminal/menu",
            Fast = true,
            ToolsOnly = true,
            Toolsets = Toolsets.Core | Toolsets.Pty,
            Prompt = "~/menu.py shows a menu on a screen. Choose quinces with the arrow keys and Enter.",
            Files = new Dictionary<string, string> { ["menu.py"] = Menu },
            Deterministic = false, // process ids
            CheckAsync = done => done.FileIsAsync("choice.txt", "quinces after 2 moves"),
            Solution =
            [
                Call("open_terminal", ("command", "python3 menu.py")),
                Use(("keys", "Down Down"), ("wait_for", "^> quinces")),
                Use(("keys", "Enter")),
                Say("Chosen."),
            ],
        },
        new()
        {
            Id = "terminal/password",
            ToolsOnly = true,
            Toolsets = Toolsets.Core | Toolsets.Pty,
            Prompt = "~/vault.py asks for a password at a terminal; it is swordfish. Which code does it tell?",
            Files = new Dictionary<string, string> { ["vault.py"] = Vault },
            Deterministic = false,
            CheckAsync = done => done.AnswerHasAsync("8128"),
            Solution = [Call("open_terminal", ("command", "python3 vault.py")), Use(("text", "swordfish\n"), ("wait_for", "code is")), seen => new Step.Say($"The code is {seen.Find(@"code is (\d+)")}.")],
        },
        new()
        {
            Id = "terminal/editor",
            ToolsOnly = true,
            Toolsets = Toolsets.Core | Toolsets.Pty,
            Prompt = "Open ~/poem.txt in vi in a terminal, add the line `the end` after its last one, and save it from there.",
            Files = new Dictionary<string, string> { ["poem.txt"] = "roses\nviolets\n" },
            Deterministic = false,
            CheckAsync = done => done.FileIsAsync("poem.txt", "roses\nviolets\nthe end"),
            Solution = [Call("open_terminal", ("command", "vi poem.txt")), Use(("text", "Gothe end"), ("keys", "Escape"), ("wait_for", "the end")), Use(("text", ":wq\n")), Say("Saved.")],
        },
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
    /// <summary>On the terminal that was opened.</summary>
    private static Move Use(params (string Name, object? Value)[] arguments) => seen => Act("use_terminal", [("pid", int.Parse(seen.Find(@"\[terminal (\d+),"))), .. arguments]);
}
