namespace Moru.Evals.Tests;

/// <summary>What is made of the numbers.</summary>
public sealed class Reports
{
    private static readonly RunReport Report = new([Line("mcp", "data/x", true, 900), Line("mcp", "data/y", false, 100), Line("bash", "data/x", true, 500)]);

    [Fact]
    public void Tasks_have_names_of_their_own_and_all_categories_are_there()
    {
        Assert.Equal(AllTasks.All.Count, AllTasks.All.Select(task => task.Id).Distinct().Count());
        Assert.Equal(["code", "data", "files", "hostile", "job", "recovery", "repository", "service", "template", "terminal", "volume"], AllTasks.All.Select(task => task.Category).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_report_survives_being_stored() => Assert.Equal(Report.Lines, RunReport.Read(Report.ToJson()).Lines);

    [Fact]
    public void Sums_are_by_face() =>
        Assert.Equal([("bash", 1, 1, 500L), ("mcp", 2, 1, 1000L)], Report.Sums().Select(sum => (sum.Face, sum.Tasks, sum.Succeeded, sum.TokensIn)));

    [Fact]
    public void Faces_are_compared_on_the_tasks_that_all_of_them_tried()
    {
        Assert.Equal([("bash", 500L), ("mcp", 900L)], Report.Common().Sums().Select(sum => (sum.Face, sum.TokensIn)));
        foreach (var report in new[] { Report.ToJson(), MarkdownReport.Write(Report), System.Net.WebUtility.HtmlDecode(HtmlReport.Write(Report)) })
            Assert.Contains("descriptions and arguments are not theirs", report, StringComparison.Ordinal);
        Assert.Contains("The 1 tasks that were tried through every face", MarkdownReport.Write(Report), StringComparison.Ordinal);
    }

    [Fact]
    public void The_gate_names_what_fails_and_what_grew()
    {
        var worse = new RunReport([Line("mcp", "data/x", false, 900), Line("mcp", "data/y", false, 200), Line("bash", "data/x", true, 520)]);

        var regressions = Gate.Regressions(Report, worse);

        Assert.Equal(2, regressions.Count);
        Assert.Equal("mcp data/x fails: wrong", regressions[0]);
        Assert.StartsWith("mcp takes 1120 tokens in place of 1020, more than", regressions[1], StringComparison.Ordinal);
        Assert.Empty(Gate.Regressions(Report, Report));
    }

    [Fact]
    public void A_page_needs_nothing_else_and_shows_what_agents_said_as_text()
    {
        var page = HtmlReport.Write(new([Line("mcp", "<script>", false, 1)]));

        Assert.DoesNotContain("<script>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http", page, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;", page, StringComparison.Ordinal);
        Assert.Contains("<svg", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Markdown_says_why_a_task_failed() => Assert.Contains("| data/y | mcp | **no**: wrong |", MarkdownReport.Write(Report), StringComparison.Ordinal);

    [Fact]
    public void Tokens_are_counted_by_a_real_tokenizer() => Assert.Equal(3, Tokens.Count("Hello, tokenizer"));

    [Theory]
    [InlineData("--fast", "--face", "sk", "--out", "here")]
    [InlineData("--out", "here", "--face", "sk", "--fast")]
    [InlineData("--parallel", "3", "--fast", "--face", "sk", "--out", "here")]
    public void Options_come_in_any_order(params string[] args)
    {
        var options = Options.Parse(args)!;

        Assert.Equal((true, "sk", "here"), (options.Fast, Assert.Single(options.Faces), options.Out));
    }

    [Theory]
    [InlineData("--face", "telepathy")]
    [InlineData("--out")]
    [InlineData("--parallel", "many")]
    [InlineData("please", "run")]
    public void Options_that_make_no_sense_are_refused(params string[] args) => Assert.Null(Options.Parse(args));

    private static ReportLine Line(string face, string task, bool success, long tokens) => new(task, face, "script", success, success ? null : "wrong", 2, 1, tokens, 10, 11, 800, 1, 1, 0.5);
}
