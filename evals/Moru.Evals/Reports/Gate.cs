namespace Moru.Evals;

/// <summary>What may not get worse.</summary>
internal static class Gate
{
    /// <summary>How much the tokens of a face may grow before somebody has to decide it.</summary>
    public const double Tolerance = 0.05;

    /// <summary>Returns what got worse than the baseline, for the tasks and faces that both have.</summary>
    public static IReadOnlyList<string> Regressions(RunReport baseline, RunReport now)
    {
        var before = baseline.Lines.ToDictionary(line => (line.Face, line.Task));
        var both = now.Lines.Where(line => before.ContainsKey((line.Face, line.Task))).Select(line => (Now: line, Before: before[(line.Face, line.Task)])).ToList();
        return
        [
            .. both.Where(pair => pair.Before.Success && !pair.Now.Success).Select(pair => $"{pair.Now.Face} {pair.Now.Task} fails: {pair.Now.Reason}"),
            .. both.GroupBy(pair => pair.Now.Face).Select(Growth).OfType<string>(),
        ];
    }

    private static string? Growth(IGrouping<string, (ReportLine Now, ReportLine Before)> face)
    {
        var (was, now) = (face.Sum(pair => pair.Before.TokensIn + pair.Before.TokensOut), face.Sum(pair => pair.Now.TokensIn + pair.Now.TokensOut));
        return now <= was * (1 + Tolerance) ? null : $"{face.Key} takes {now} tokens in place of {was}, more than {Tolerance:P0} above. If that is worth it, accept it: Moru.Evals --accept evals/baselines/script.json";
    }
}
