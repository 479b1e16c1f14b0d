using Moru.Tools;

namespace Moru.Mcp.Tests;

public sealed class OutputTrimming
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(8_000, 0)]
    [InlineData(0, 8_000)]
    [InlineData(4_000, 4_000)]
    [InlineData(7_999, 1)]
    public void What_fits_stays_whole(int stdout, int stderr)
    {
        var (first, second, cut) = ToolOutput.Fit(Result(Lines(stdout), Lines(stderr)));

        Assert.Equal((Lines(stdout), Lines(stderr), 0), (first, second, cut));
    }

    [Theory]
    [InlineData(8_001, 0)]
    [InlineData(100_000, 0)]
    [InlineData(100_000, 100)]
    [InlineData(100, 100_000)]
    [InlineData(16_000, 16_000)]
    public void What_does_not_fit_keeps_its_beginning_and_end(int stdout, int stderr)
    {
        var (first, second, cut) = ToolOutput.Fit(Result(Lines(stdout), Lines(stderr)));

        Assert.InRange(first.Length + second.Length, 6_000, ToolOutput.Budget + 200);
        Assert.Equal(stdout + stderr, first.Length + second.Length - Markers(first) - Markers(second) + cut);
        Assert.All(new[] { (first, stdout), (second, stderr) }, pair =>
        {
            Assert.StartsWith(Lines(pair.Item2)[..Math.Min(100, pair.Item2)], pair.Item1, StringComparison.Ordinal);
            Assert.EndsWith(Lines(pair.Item2)[^Math.Min(100, pair.Item2)..], pair.Item1, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void A_cut_falls_between_lines()
    {
        var (text, _, _) = ToolOutput.Fit(Result(Lines(50_000), ""));

        Assert.All(text.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.True(line.Length == 9 || line.StartsWith("[... ", StringComparison.Ordinal), line));
    }

    [Fact]
    public void A_cut_does_not_split_a_character()
    {
        var (text, _, _) = ToolOutput.Fit(Result("x" + string.Concat(Enumerable.Repeat("😀", 10_000)), ""));

        Assert.DoesNotContain('\uFFFD', System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text)));
    }

    [Fact]
    public void What_the_sdk_has_dropped_counts_as_cut()
    {
        var kept = new string('a', ToolOutput.Capture / 2) + "\n[... 1000 characters cut ...]\n" + new string('b', ToolOutput.Capture / 2);

        var (text, _, cut) = ToolOutput.Fit(Result(kept, "") with { StdoutDropped = 1000 });

        Assert.Equal(ToolOutput.Capture + 1000 - ToolOutput.Budget, cut);
        Assert.Contains($"[... {cut:N0} of {ToolOutput.Capture + 1000:N0} characters cut ...]", text, StringComparison.Ordinal);
        Assert.DoesNotContain("[... 1000", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", null)]
    [InlineData(" \n\n", null)]
    [InlineData("one\ntwo\n", "two")]
    [InlineData("10%\r20%\r30%", "30%")]
    [InlineData("one\n   two  \n\n", "two")]
    public void Progress_shows_the_last_line_that_says_something(string output, string? expected) =>
        Assert.Equal(expected, ToolOutput.LastLine(output));

    [Fact]
    public void Text_for_the_model_has_output_first_and_the_exit_code_last()
    {
        var output = CommandOutput.From(Result("out", "err\n") with { ExitCode = 2 });

        Assert.Equal("out\n[stderr]\nerr\n[exit code 2]", output.ToString());
    }

    private static CommandResult Result(string stdout, string stderr) => new() { ExitCode = 0, Stdout = stdout, Stderr = stderr };

    private static string Lines(int length) =>
        string.Concat(Enumerable.Range(0, (length / 10) + 1).Select(number => $"{number,9:000000000}\n"))[..length];

    private static int Markers(string text)
    {
        var start = text.IndexOf("\n[... ", StringComparison.Ordinal);
        return start < 0 ? 0 : text.IndexOf("...]\n", start, StringComparison.Ordinal) + 5 - start;
    }
}
