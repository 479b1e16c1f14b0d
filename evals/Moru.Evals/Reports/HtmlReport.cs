using System.Globalization;
using System.Net;
using System.Text;

namespace Moru.Evals;

/// <summary>A run as one HTML page that needs nothing else.</summary>
internal static class HtmlReport
{
    private const string Head = """
        <!doctype html>
        <html lang="en"><meta charset="utf-8"><title>Moru: evaluation</title>
        <style>body{font:14px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#222}table{border-collapse:collapse;width:100%}td,th{padding:.2rem .6rem;border-bottom:1px solid #ddd;text-align:right}
        td:first-child,th:first-child,td.text{text-align:left}.no{color:#b00020}svg text{font:12px system-ui,sans-serif}</style>
        <h1>Evaluation</h1>

        """;

    private const int Width = 640;
    private const int Label = 110;
    private const int Row = 26;

    public static string Write(RunReport report)
    {
        var page = new StringBuilder(Head);
        page.Append("<h2>All tasks</h2>\n");
        page.Append(Bars("Tasks done", report.Sums(), sum => (double)sum.Succeeded / sum.Tasks, "P0"));
        page.Append(Bars("Wall time, seconds", report.Sums(), sum => sum.WallSeconds, "0.0"));

        var common = report.Common();
        var sums = common.Sums();
        page.Append(CultureInfo.InvariantCulture, $"<h2>The {common.Tasks} tasks that were tried through every face</h2>\n<p>{Encode(Rival.Note)}</p>\n");
        page.Append(Bars("Tokens of the list of tools, paid in every turn", sums, sum => sum.ListTokens, "N0"));
        page.Append(Bars("Tokens of a task, in and out, median", sums, sum => sum.MedianTokens, "N0"));
        page.Append(Bars("Tokens of all tasks, in and out", sums, sum => sum.TokensIn + sum.TokensOut, "N0"));
        page.Append(Bars("Turns", sums, sum => sum.Turns, "N0"));
        page.Append("<h2>Each task</h2><table><tr><th>task</th><th>face</th><th>done</th><th>turns</th><th>calls</th><th>tokens in</th><th>tokens out</th><th>wall s</th></tr>\n");
        foreach (var line in report.Lines)
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{Encode(line.Task)}</td><td class=text>{line.Face}</td>");
            page.Append(line.Success ? "<td>yes</td>" : $"<td class=\"no\" title=\"{Encode(line.Reason ?? "")}\">no</td>");
            page.Append(CultureInfo.InvariantCulture, $"<td>{line.Turns}</td><td>{line.ToolCalls}</td><td>{line.TokensIn}</td><td>{line.TokensOut}</td><td>{line.WallSeconds:0.00}</td></tr>\n");
        }

        return page.Append("</table></html>\n").ToString();
    }

    private static string Bars(string title, IReadOnlyList<FaceSum> sums, Func<FaceSum, double> value, string format)
    {
        var largest = Math.Max(sums.Count == 0 ? 1 : sums.Max(value), double.Epsilon);
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<h3>{Encode(title)}</h3><svg width=\"{Label + Width}\" height=\"{Row * sums.Count}\" role=\"img\" aria-label=\"{Encode(title)}\">");
        foreach (var (sum, index) in sums.Select((sum, index) => (sum, index)))
        {
            var length = value(sum) / largest * (Width - 80);
            var y = index * Row;
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"0\" y=\"{y + 16}\">{Encode(sum.Face)}</text><rect x=\"{Label}\" y=\"{y + 3}\" width=\"{length:0.#}\" height=\"{Row - 8}\" fill=\"#4472a8\"/><text x=\"{Label + length + 6:0.#}\" y=\"{y + 16}\">{value(sum).ToString(format, CultureInfo.InvariantCulture)}</text>");
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
