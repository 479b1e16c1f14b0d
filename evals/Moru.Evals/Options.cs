using Microsoft.Extensions.AI;

namespace Moru.Evals;

/// <summary>What the command line asks for.</summary>
internal sealed record Options(string[] Faces, string Filter, bool Fast, string Out, string? Baseline, string? Accept)
{
    private static readonly string[] AllFaces = ["mcp", "meai", "sk", "bash"];

    public static int Usage()
    {
        Console.Error.WriteLine("""
            Usage: Moru.Evals [--face mcp|meai|sk|bash]... [--filter TEXT] [--fast] [--out DIR] [--baseline FILE] [--accept FILE]

            Tries tasks in sandboxes of the server that MORU_API_URL and MORU_API_KEY name, with the model of MORU_MODEL (default: each task's own script). Writes report.json, report.md, report.html and a
            trajectory for each attempt into DIR (default: artifacts/evals). Exit code 1 when a task failed or something is worse than the baseline FILE; --accept FILE stores the numbers as a baseline.
            """);
        return 2;
    }

    public static Options? Parse(string[] args)
    {
        var options = new Options([], "", false, "artifacts/evals", null, null);
        for (var index = 0; index < args.Length; index++)
        {
            if (args[index] == "--fast")
            {
                options = options with { Fast = true };
                continue;
            }

            if (index + 1 == args.Length) return null;
            var value = args[index + 1];
            switch (args[index++])
            {
                case "--face" when AllFaces.Contains(value): options = options with { Faces = [.. options.Faces, value] }; break;
                case "--filter": options = options with { Filter = value }; break;
                case "--out": options = options with { Out = value }; break;
                case "--baseline": options = options with { Baseline = value }; break;
                case "--accept": options = options with { Accept = value }; break;
                default: return null;
            }
        }

        return options;
    }

    public async Task<int> RunAsync(MoruClient client, IChatClient? model, CancellationToken cancellationToken)
    {
        var tasks = AllTasks.Where(Filter, Fast);
        Directory.CreateDirectory(Out);
        var outcomes = new List<Outcome>();
        foreach (var name in Faces.Length == 0 ? AllFaces : Faces)
        {
            await using var face = await OpenAsync(name, client, cancellationToken);
            foreach (var task in tasks.Where(task => name != "bash" || !task.ToolsOnly))
            {
                var outcome = await new EvalRun(client).TryAsync(task, face, model, cancellationToken);
                outcomes.Add(outcome);
                Console.WriteLine($"{name,-5} {task.Id,-32} {(outcome.Success ? "ok" : "FAILED: " + outcome.Reason)}");
                await File.WriteAllTextAsync(Path.Combine(Out, $"{name}-{task.Id.Replace('/', '-')}.jsonl"), Trajectory.Write(outcome.Trajectory), cancellationToken);
            }
        }

        return await ReportAsync(RunReport.Of(outcomes), cancellationToken);
    }

    private async Task<int> ReportAsync(RunReport report, CancellationToken cancellationToken)
    {
        await File.WriteAllTextAsync(Path.Combine(Out, "report.json"), report.ToJson(), cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(Out, "report.md"), MarkdownReport.Write(report), cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(Out, "report.html"), HtmlReport.Write(report), cancellationToken);
        if (Accept is not null) await File.WriteAllTextAsync(Accept, report.AsBaseline().ToJson(), cancellationToken);
        foreach (var sum in report.Sums()) Console.WriteLine($"{sum.Face,-5} {sum.Succeeded}/{sum.Tasks} done, {sum.Turns} turns, {sum.TokensIn} tokens in, {sum.TokensOut} out, {sum.WallSeconds:0.0} s");
        var worse = Baseline is null ? [] : Gate.Regressions(RunReport.Read(await File.ReadAllTextAsync(Baseline, cancellationToken)), report);
        foreach (var regression in worse) Console.Error.WriteLine($"WORSE: {regression}");
        return worse.Count == 0 && report.Lines.All(line => line.Success) ? 0 : 1;
    }

    private static async Task<IFace> OpenAsync(string name, MoruClient client, CancellationToken cancellationToken) => name switch
    {
        "mcp" => await McpToolsFace.StartAsync(Variable("MORU_API_URL"), Variable("MORU_API_KEY"), cancellationToken),
        "sk" => new KernelFace(client),
        "bash" => new BashFace(),
        _ => new ChatFace(client),
    };

    private static string Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : throw new ArgumentException($"Set {name}; `moru-mcp env` prints it.");
}
