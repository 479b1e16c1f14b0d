using System.Text.Json;
using System.Text.Json.Serialization;

namespace Moru.Evals;

/// <summary>Numbers of a run, as they are stored and compared.</summary>
internal sealed record RunReport(IReadOnlyList<ReportLine> Lines)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>How many tasks there are.</summary>
    public int Tasks => Lines.Select(line => line.Task).Distinct().Count();

    public static RunReport Of(IEnumerable<Outcome> outcomes) => new([.. outcomes.Select(ReportLine.Of).OrderBy(line => line.Face, StringComparer.Ordinal).ThenBy(line => line.Task, StringComparer.Ordinal)]);

    public static RunReport Read(string json) => JsonSerializer.Deserialize<RunReport>(json, Json)!;

    public string ToJson() => $$"""
        {"note":{{JsonSerializer.Serialize(Rival.Note)}},
        "sums":{{Array(Sums())}},
        "comparison":{{Array(Common().Sums())}},
        "lines":{{Array(Lines)}}}

        """;

    /// <summary>What is equal from run to run and ours to keep, as JSON.</summary>
    public string ToBaseline() =>
        $"{{\"lines\":{Array([.. Lines.Where(line => !Rival.Has(line.Face)).Select(line => line with { WallSeconds = 0, SandboxCpuSeconds = 0, SandboxGibSeconds = 0, Reason = null })])}}}\n";

    /// <summary>Only the tasks that were tried through every face, on which faces may be compared.</summary>
    public RunReport Common()
    {
        var faces = Lines.Select(line => line.Face).Distinct().Count();
        return new([.. Lines.GroupBy(line => line.Task).Where(task => task.Select(line => line.Face).Distinct().Count() == faces).SelectMany(task => task)]);
    }

    /// <summary>Sums by face, the face with the fewest tokens first.</summary>
    public IReadOnlyList<FaceSum> Sums() => [.. Lines.GroupBy(line => line.Face).Select(FaceSum.Of).OrderBy(sum => sum.TokensIn + sum.TokensOut)];

    // Each on a line of its own, so that a change of a baseline can be read.
    private static string Array<T>(IReadOnlyList<T> all) => $"[\n{string.Join(",\n", all.Select(each => JsonSerializer.Serialize(each, Json)))}\n]";
}

/// <summary>One task through one face.</summary>
internal sealed record ReportLine(
    string Task, string Face, string Model, bool Success, string? Reason, int Turns, int ToolCalls, long TokensIn, long TokensOut, int ListTools, long ListTokens, double WallSeconds, double SandboxCpuSeconds,
    double SandboxGibSeconds)
{
    public static ReportLine Of(Outcome outcome) => new(
        outcome.Task.Id, outcome.Face, outcome.Model, outcome.Success, outcome.Reason,
        (int)outcome.Number(EffortEvaluator.Turns), (int)outcome.Number(EffortEvaluator.ToolCalls), (long)outcome.Number(EffortEvaluator.TokensIn), (long)outcome.Number(EffortEvaluator.TokensOut),
        (int)outcome.Number(EffortEvaluator.ListTools), (long)outcome.Number(EffortEvaluator.ListTokens),
        Math.Round(outcome.Number(EffortEvaluator.WallSeconds), 2), Math.Round(outcome.Number(EffortEvaluator.SandboxCpuSeconds), 2), Math.Round(outcome.Number(EffortEvaluator.SandboxGibSeconds), 2));
}

/// <summary>All tasks through one face.</summary>
/// <param name="Face">Its name.</param>
/// <param name="ListTools">How many tools it lists for most tasks.</param>
/// <param name="ListTokens">What that list costs in every turn.</param>
/// <param name="Tasks">How many were tried.</param>
/// <param name="Succeeded">How many were done.</param>
/// <param name="Turns">Of all tasks.</param>
/// <param name="ToolCalls">Of all tasks.</param>
/// <param name="TokensIn">Of all tasks.</param>
/// <param name="TokensOut">Of all tasks.</param>
/// <param name="MedianTokens">In and out, of the task in the middle: one flood of output does not count there.</param>
/// <param name="WallSeconds">Of all tasks.</param>
/// <param name="SandboxCpuSeconds">Of all tasks.</param>
internal sealed record FaceSum(
    string Face, int ListTools, long ListTokens, int Tasks, int Succeeded, int Turns, int ToolCalls, long TokensIn, long TokensOut, long MedianTokens, double WallSeconds, double SandboxCpuSeconds)
{
    public static FaceSum Of(IGrouping<string, ReportLine> lines) => new(
        lines.Key, (int)Middle(lines.Select(line => (long)line.ListTools)), Middle(lines.Select(line => line.ListTokens)), lines.Count(), lines.Count(line => line.Success), lines.Sum(line => line.Turns),
        lines.Sum(line => line.ToolCalls), lines.Sum(line => line.TokensIn), lines.Sum(line => line.TokensOut), Middle(lines.Select(line => line.TokensIn + line.TokensOut)),
        Math.Round(lines.Sum(line => line.WallSeconds), 2), Math.Round(lines.Sum(line => line.SandboxCpuSeconds), 2));

    private static long Middle(IEnumerable<long> numbers) => numbers.Order().ToList() is var sorted ? sorted[sorted.Count / 2] : 0;
}
