using static Moru.Evals.Moves;

namespace Moru.Evals;

/// <summary>Repairs of repositories with tests.</summary>
internal static class RepositoryTasks
{
    private const string Git = "git config --global user.email a@b.c; git config --global user.name A; git config --global init.defaultBranch main; git config --global --add safe.directory '*';";
    private const string TestSum = "import unittest\nfrom calc import total\n\nclass Sums(unittest.TestCase):\n    def test_total(self):\n        self.assertEqual(total(3), 6)\n        self.assertEqual(total(0), 0)\n\nunittest.main()\n";

    public static IEnumerable<EvalTask> All =>
    [
        new()
        {
            Id = "repository/off-by-one",
            Fast = true,
            Prompt = "`python3 test_calc.py` in ~/repo fails. Repair the code, not the test.",
            Files = new Dictionary<string, string> { ["repo/calc.py"] = "def total(n):\n    return sum(range(n))\n", ["repo/test_calc.py"] = TestSum },
            CheckAsync = async done => await done.CommandSaysAsync("cd repo && python3 test_calc.py 2>&1 | tail -1", "OK") ?? await done.FileIsAsync("repo/test_calc.py", TestSum.Trim()),
            Deterministic = false, // unittest tells times
            Solution = [Run("cd repo && python3 test_calc.py"), Read("repo/calc.py"), Write("repo/calc.py", "def total(n):\n    return sum(range(n + 1))\n"), Run("cd repo && python3 test_calc.py"), Say("Repaired.")],
        },
        new()
        {
            Id = "repository/missing-function",
            Prompt = "`python3 test_slug.py` in ~/repo fails because slug.py lacks a function. Write it.",
            Files = new Dictionary<string, string> { ["repo/slug.py"] = "", ["repo/test_slug.py"] = "from slug import slug\nassert slug('Hello, World!') == 'hello-world', slug('Hello, World!')\nassert slug('  a  b ') == 'a-b'\nprint('OK')\n" },
            CheckAsync = done => done.CommandSaysAsync("cd repo && python3 test_slug.py", "OK"),
            Solution = [Read("repo/test_slug.py"), Write("repo/slug.py", "import re\n\ndef slug(text):\n    return re.sub('[^a-z0-9]+', '-', text.lower()).strip('-')\n"), Run("cd repo && python3 test_slug.py"), Say("Written.")],
        },
        new()
        {
            Id = "repository/find-the-commit",
            Prompt = "A commit in ~/repo made `sh check.sh` fail. What is its subject?",
            Setup = $"export HOME=/root; {Git} mkdir repo && cd repo && git init -q && echo 'grep -q ok state' > check.sh && echo ok > state && git add . && git commit -qm Begin && for n in 1 2 3 4 5 6 7 8; do [ $n = 5 ] && echo bad > state; echo $n > file; git add .; git commit -qm \"Change $n\"; done; chown -R user .",
            CheckAsync = done => done.AnswerHasAsync("Change 5"),
            Deterministic = false, // commits have times
            Solution =
            [
                Run("cd repo && git bisect start HEAD $(git rev-list --max-parents=0 HEAD) && git bisect run sh check.sh > /dev/null; git log -1 --format=%s refs/bisect/bad; git bisect reset"),
                Say(result => result.Contains("Change 5", StringComparison.Ordinal) ? "It is \"Change 5\"." : result),
            ],
        },
        new()
        {
            Id = "repository/merge-conflict",
            Prompt = "Merge the branch `other` into `main` in ~/repo; keep both lines, main's first.",
            Setup = $"{Git} export HOME=/home/user; {Git} mkdir repo && cd repo && git init -q && echo base > f && git add . && git commit -qm base && git checkout -qb other && echo theirs > f && git commit -qam theirs && git checkout -q main && echo ours > f && git commit -qam ours; chown -R user /home/user",
            CheckAsync = async done => await done.FileIsAsync("repo/f", "ours\ntheirs") ?? await done.CommandSaysAsync("cd repo && git -c safe.directory='*' log -1 --format=%p | wc -w", "2"),
            Deterministic = false,
            Solution = [Run("cd repo && git merge other; cat f"), Run("cd repo && printf 'ours\\ntheirs\\n' > f && git commit -qam 'Merge other' && git log --oneline | head -3"), Say("Merged.")],
        },
        new()
        {
            Id = "repository/rename",
            Prompt = "Rename the function `calc` to `compute` everywhere in ~/repo. `recalc` stays.",
            Files = new Dictionary<string, string> { ["repo/a.py"] = "def calc(x):\n    return x\n\ndef recalc(x):\n    return calc(calc(x))\n", ["repo/b.py"] = "from a import calc, recalc\nprint(calc(1), recalc(2))\n" },
            CheckAsync = async done => await done.CommandSaysAsync("cd repo && grep -cw calc a.py b.py; python3 b.py; grep -c recalc a.py", "a.py:0\nb.py:0\n1 2\n1"),
            Solution = [Run("cd repo && grep -rnw calc ."), Run("cd repo && sed -i 's/\\bcalc\\b/compute/g' a.py b.py && python3 b.py"), Say("Renamed.")],
        },
        new()
        {
            Id = "repository/node",
            Fast = true,
            Prompt = "`node test.js` in ~/repo fails. Repair max.js.",
            Files = new Dictionary<string, string> { ["repo/max.js"] = "exports.max = list => list.sort().at(-1);\n", ["repo/test.js"] = "const { max } = require('./max');\nrequire('assert').strictEqual(max([2, 10, 9]), 10);\nconsole.log('OK');\n" },
            CheckAsync = done => done.CommandSaysAsync("cd repo && node test.js", "OK"),
            Solution = [Run("cd repo && node test.js 2>&1 | grep Error; cat max.js"), Write("repo/max.js", "exports.max = list => Math.max(...list);\n"), Run("cd repo && node test.js"), Say("Repaired.")],
        },
        new()
        {
            Id = "repository/revert",
            Prompt = "Undo the last commit of ~/repo with a new commit, so that the history stays.",
            Setup = $"export HOME=/home/user; {Git} mkdir repo && cd repo && git init -q && echo good > f && git add . && git commit -qm Good && echo bad > f && git commit -qam Bad; chown -R user /home/user",
            CheckAsync = async done => await done.FileIsAsync("repo/f", "good") ?? await done.CommandSaysAsync("cd repo && git -c safe.directory='*' rev-list --count HEAD", "3"),
            Deterministic = false,
            Solution = [Run("cd repo && git revert --no-edit HEAD && cat f"), Say("Reverted.")],
        },
        new()
        {
            Id = "repository/syntax-errors",
            Prompt = "Which Python files below ~/repo do not compile? Write their paths, one a line and sorted, to ~/broken.txt.",
            Files = new Dictionary<string, string> { ["repo/ok.py"] = "x = 1\n", ["repo/bad.py"] = "def f(:\n", ["repo/pkg/worse.py"] = "  if\n", ["repo/pkg/fine.py"] = "y = 2\n" },
            CheckAsync = done => done.FileIsAsync("broken.txt", "repo/bad.py\nrepo/pkg/worse.py"),
            Solution = [Run("find repo -name '*.py' | sort | while read -r f; do python3 -c \"import ast,sys; ast.parse(open(sys.argv[1]).read())\" \"$f\" 2>/dev/null || echo \"$f\"; done | tee broken.txt"), Say("Listed.")],
        },
    ];
}
