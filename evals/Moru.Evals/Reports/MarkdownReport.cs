using System.Globalization;
using System.Text;

namespace Moru.Evals;

/// <summary>A run as Markdown.</summary>
internal static class MarkdownReport
{
    public static string Write(RunReport report)
    {
        var text = new StringBuilder("# Evaluation\n\n## All tasks\n\n").Append(Table(report));
        var common = report.Common();
        text.Append(CultureInfo.InvariantCulture, $"\n## The {common.Tasks} tasks that were tried through every face\n\n{Table(common)}\n{Rival.Note}\n");
        text.Append("\n## Each task\n\n| task | face | success | turns | calls | tokens in | tokens out | wall s |\n|---|---|---|---|---|---|---|---|\n");
        foreach (var line in report.Lines)
            text.Append(CultureInfo.InvariantCulture, $"| {line.Task} | {line.Face} | {(line.Success ? "yes" : "**no**: " + Cell(line.Reason))} | {line.Turns} | {line.ToolCalls} | {line.TokensIn} | {line.TokensOut} | {line.WallSeconds:0.00} |\n");
        return text.ToString();
    }

    private static string Table(RunReport report)
    {
        var text = new StringBuilder("| face | tools | tokens of their list | done | turns | calls | tokens in | tokens out | median of a task | wall s | sandbox cpu s |\n|---|---|---|---|---|---|---|---|---|---|---|\n");
        foreach (var sum in report.Sums())
            text.Append(CultureInfo.InvariantCulture, $"| {sum.Face} | {sum.ListTools} | {sum.ListTokens} | {sum.Succeeded}/{sum.Tasks} | {sum.Turns} | {sum.ToolCalls} | {sum.TokensIn} | {sum.TokensOut} | {sum.MedianTokens} | {sum.WallSeconds:0.0} | {sum.SandboxCpuSeconds:0.0} |\n");
        return text.ToString();
    }

    private static string Cell(string? text) => (text ?? "").ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal);
}
