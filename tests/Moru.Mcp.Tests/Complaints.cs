using System.Globalization;
using System.Text.RegularExpressions;

namespace Moru.Mcp.Tests;

/// <summary>What docs/mcp.md answers to complaints about other servers is shown by tests that there are.</summary>
public sealed partial class Complaints
{
    private static readonly string[][] Rows = [.. File.ReadLines(Path.Combine(Artifacts.Root, "docs/mcp.md"))
        .SkipWhile(line => line != "| # | complaint | here | shown by |").Skip(2).TakeWhile(line => line.StartsWith('|'))
        .Select(line => line.Trim('|').Split('|'))];

    [Fact]
    public void Each_of_the_thirty_is_answered_once() => Assert.Equal(Enumerable.Range(1, 30), Rows.SelectMany(row => Numbers(row[0])));

    [Fact]
    public void Each_answer_names_tests_that_there_are_unless_it_does_not_apply()
    {
        var sources = Directory.GetFiles(Path.Combine(Artifacts.Root, "tests"), "*.cs", SearchOption.AllDirectories).ToLookup(Path.GetFileNameWithoutExtension);

        Assert.All(Rows, row => Assert.Equal(Test().IsMatch(row[3]), !row[2].Contains("not applicable", StringComparison.Ordinal)));
        Assert.All(Rows.SelectMany(row => Test().Matches(row[3])), test =>
            Assert.Contains(sources[test.Groups[1].Value], file => File.ReadAllText(file).Contains($" {test.Groups[2].Value}(", StringComparison.Ordinal)));
    }

    private static IEnumerable<int> Numbers(string cell) => cell.Split(',').Select(part => part.Split('-')).SelectMany(ends =>
    {
        var (first, last) = (int.Parse(ends[0], CultureInfo.InvariantCulture), int.Parse(ends[^1], CultureInfo.InvariantCulture));
        return Enumerable.Range(first, last - first + 1);
    });

    [GeneratedRegex(@"`(\w+)\.(\w+)`")]
    private static partial Regex Test();
}
