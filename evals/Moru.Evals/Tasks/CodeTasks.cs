using static Moru.Evals.Moves;

namespace Moru.Evals;

/// <summary>Work in an interpreter.</summary>
internal static class CodeTasks
{
    private const string Plot = """
        import csv
        import matplotlib.pyplot as plt
        rows = list(csv.DictReader(open('sales.csv')))
        plt.figure(figsize=(6, 4))
        plt.bar([r['month'] for r in rows], [float(r['amount']) for r in rows], color='crimson')
        plt.savefig('plot.png')
        """;

    public static IEnumerable<EvalTask> All =>
    [
        new()
        {
            Id = "code/state",
            Fast = true,
            ToolsOnly = true, // a script in bash begins anew with every call
            Prompt = "The Python module ~/once.py can be imported only once. Import it in one call of run_code; in a later one, write its `numbers`, sorted and with blanks between them, to ~/sorted.txt.",
            Files = new Dictionary<string, string> { ["once.py"] = "import os\nos.remove(__file__)\nnumbers = [n * 37 % 101 for n in range(1, 6)]\n" },
            CheckAsync = async done => await done.FileIsAsync("sorted.txt", "10 37 47 74 84") ?? await done.CommandSaysAsync("ls once.py 2>/dev/null | wc -l", "0"),
            Solution = [RunCode("import once\nlen(once.numbers)"), RunCode("open('sorted.txt', 'w').write(' '.join(map(str, sorted(once.numbers))))"), Say("Written.")],
        },
        new()
        {
            Id = "code/plot",
            Template = "python",
            Prompt = "Plot the column `amount` of ~/sales.csv by month as bars in the colour crimson, and save the plot, at least 400 pixels wide, as ~/plot.png.",
            Files = new Dictionary<string, string> { ["sales.csv"] = "month,amount\n1,10\n2,25\n3,40\n" },
            CheckAsync = done => done.CommandSaysAsync("python3 -c \"from PIL import Image; i = Image.open('plot.png').convert('RGB'); print(i.width >= 400, sum(c for c, p in i.getcolors(1 << 24) if p == (220, 20, 60)) > 10000)\"", "True True"),
            Solution = [RunCode(Plot), Say("Plotted.")],
        },
        new()
        {
            Id = "code/javascript",
            Prompt = "With JavaScript, what is the 90th Fibonacci number, counted from fib(1) = fib(2) = 1? Answer with its digits.",
            CheckAsync = done => done.AnswerHasAsync("2880067194370816120"),
            Solution = [Call("run_code", ("code", "let [a, b] = [0n, 1n];\nfor (let n = 0; n < 90; n++) [a, b] = [b, a + b];\nconsole.log(String(a))"), ("language", "javascript")), Say(FirstLine)],
        },
    ];
}
