using System.Text.Json;
using System.Text.Json.Serialization;

namespace Moru.Evals;

/// <summary>Numbers of a run, as they are stored and compared.</summary>
internal sealed record RunReport(IReadOnlyList<ReportLine> Lines)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public static RunReport Of(IEnumerable<Outcome> outcomes) => new([.. outcomes.Select(ReportLine.Of).OrderBy(line => line.Face, StringComparer.Ordinal).ThenBy(line => line.Task, StringComparer.Ordinal)]);

    public static RunReport Read(string json) => JsonSerializer.Deserialize<RunReport>(json, Json)!;

    /// <summary>As JSON, each task on a line of its own, so that a change of a baseline can be read.</summary>
    public string ToJson() => $"{{\"lines\":[\n{string.Join(",\n", Lines.Select(line => JsonSerializer.Serialize(line, Json)))}\n]}}\n";

    /// <summary>The same, with only what is equal from run to run.</summary>
    public RunReport AsBaseline() => new([.. Lines.Select(line => line with { WallSeconds = 0, SandboxCpuSeconds = 0, SandboxGibSeconds = 0, Reason = null })]);

    /// <summary>Sums by face, the face with the fewest tokens first.</summary>
    public IReadOnlyList<FaceSum> Sums() => [.. Lines.GroupBy(line => line.Face).Select(FaceSum.Of).OrderBy(sum => sum.TokensIn + sum.TokensOut)];
}

/// <summary>One task through one face.</summary>
internal sealed record ReportLine(
    string Task, string Face, string Model, bool Success, string? Reason, int Turns, int ToolCalls, long TokensIn, long TokensOut, double WallSeconds, double SandboxCpuSeconds, double SandboxGibSeconds)
{
    public static ReportLine Of(Outcome outcome) => new(
        outcome.Task.Id, outcome.Face, outcome.Model, outcome.Success, outcome.Reason,
        (int)outcome.Number(EffortEvaluator.Turns), (int)outcome.Number(EffortEvaluator.ToolCalls), (long)outcome.Number(EffortEvaluator.TokensIn), (long)outcome.Number(EffortEvaluator.TokensOut),
        Math.Round(outcome.Number(EffortEvaluator.WallSeconds), 2), Math.Round(outcome.Number(EffortEvaluator.SandboxCpuSeconds), 2), Math.Round(outcome.Number(EffortEvaluator.SandboxGibSeconds), 2));
}

/// <summary>All tasks through one face.</summary>
internal sealed record FaceSum(string Face, int Tasks, int Succeeded, int Turns, int ToolCalls, long TokensIn, long TokensOut, double WallSeconds, double SandboxCpuSeconds)
{
    public static FaceSum Of(IGrouping<string, ReportLine> lines) => new(
        lines.Key, lines.Count(), lines.Count(line => line.Success), lines.Sum(line => line.Turns), lines.Sum(line => line.ToolCalls), lines.Sum(line => line.TokensIn), lines.Sum(line => line.TokensOut),
        lines.Sum(line => line.WallSeconds), lines.Sum(line => line.SandboxCpuSeconds));
}
