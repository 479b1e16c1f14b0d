using Microsoft.Extensions.AI;

namespace Moru.Evals;

/// <summary>Tries what the command line asks for, and writes down what came of it.</summary>
internal static class EvalCommand
{
    /// <returns>Exit code.</returns>
    public static async Task<int> RunAsync(Options options, EvalServer server, IChatClient? model, CancellationToken cancellationToken)
    {
        var tasks = AllTasks.Where(options.Filter, options.Fast);
        var faces = Names(options, model).Select(name => AllFaces.Open(name, server)).ToList();
        Directory.CreateDirectory(options.Out);
        try
        {
            var outcomes = await new Suite(server.Client, faces, model).TryAsync(tasks, options.Parallel, outcome => Keep(options, outcome), cancellationToken);
            return await ReportAsync(options, RunReport.Of(outcomes), cancellationToken);
        }
        finally
        {
            foreach (var face in faces) await face.DisposeAsync();
        }
    }

    private static IReadOnlyList<string> Names(Options options, IChatClient? model)
    {
        if (model is null) return options.Faces.Count > 0 ? options.Faces : AllFaces.Names;
        return options.Faces.Any(Rival.Has)
            ? throw new ArgumentException("The tools of other servers are shapes for scripts; a model of MORU_MODEL cannot use them.")
            : options.Faces.Count > 0 ? options.Faces : [.. AllFaces.Own, "bash"];
    }

    private static void Keep(Options options, Outcome outcome)
    {
        Console.WriteLine($"{outcome.Face,-12} {outcome.Task.Id,-32} {(outcome.Success ? "ok" : "FAILED: " + outcome.Reason)}");
        File.WriteAllText(Path.Combine(options.Out, $"{outcome.Face}-{outcome.Task.Id.Replace('/', '-')}.jsonl"), Trajectory.Write(outcome.Trajectory));
    }

    private static async Task<int> ReportAsync(Options options, RunReport report, CancellationToken cancellationToken)
    {
        (string Name, string Text)[] files = [("report.json", report.ToJson()), ("report.md", MarkdownReport.Write(report)), ("report.html", HtmlReport.Write(report))];
        foreach (var (name, text) in files) await File.WriteAllTextAsync(Path.Combine(options.Out, name), text, cancellationToken);
        if (options.Accept is { } accept) await File.WriteAllTextAsync(accept, report.ToBaseline(), cancellationToken);

        Console.WriteLine();
        foreach (var sum in report.Sums())
            Console.WriteLine($"{sum.Face,-12} {sum.Succeeded}/{sum.Tasks} done, {sum.Turns} turns, {sum.TokensIn} tokens in, {sum.TokensOut} out, {sum.WallSeconds:0.0} s");
        var worse = options.Baseline is { } baseline ? Gate.Regressions(RunReport.Read(await File.ReadAllTextAsync(baseline, cancellationToken)), report) : [];
        foreach (var regression in worse) Console.Error.WriteLine($"WORSE: {regression}");
        Console.WriteLine($"\nReports, and what each attempt did: {Path.GetFullPath(options.Out)}/{{{string.Join(',', files.Select(file => file.Name))},*.jsonl}}");
        // What plain bash cannot do is a finding and no failure.
        return worse.Count == 0 && report.Lines.All(line => line.Success || !AllFaces.Own.Contains(line.Face)) ? 0 : 1;
    }
}
