using System.Text.RegularExpressions;

namespace Moru.Tools.Tests;

/// <summary>The manual's tables of tools are whole and true.</summary>
public sealed partial class ToolCoverage
{
    private static readonly IReadOnlyList<(string Member, string Entry, string Test)> Rows = Coverage.Rows(typeof(ToolCoverage).Assembly);

    [Fact]
    public void Every_member_that_the_SDK_has_is_reached_by_a_tool()
    {
        Assert.InRange(Coverage.Members.Count, 100, 200);
        Assert.Empty(Coverage.Members.Except(Rows.Select(row => row.Member)));
        Assert.Empty(Rows.Select(row => Coverage.NameOf(row.Member)).Except(Coverage.Members.Select(Coverage.NameOf)));
    }

    [Fact]
    public void The_manual_has_the_table_of_tools_that_the_tests_make() => Coverage.IsInManual("## By tools", typeof(ToolCoverage).Assembly);

    [Fact]
    public async Task A_row_names_a_tool_and_a_parameter_that_are_there()
    {
        await using var session = new SandboxSession(new MoruClient(new MoruOptions()));
        var tools = ToolSet.Create(session, Toolsets.All).ToDictionary(tool => tool.Name);

        Assert.All(Rows, row =>
        {
            var entry = Entry().Match(row.Entry);
            Assert.Contains(entry.Groups[1].Value, tools.Keys);
            if (entry.Groups[2].Success) Assert.Contains($"\"{entry.Groups[2].Value}\"", tools[entry.Groups[1].Value].Parameters.GetRawText(), StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Every_tool_is_argued_with_its_toolsets()
    {
        await using var session = new SandboxSession(new MoruClient(new MoruOptions()));
        var argued = File.ReadLines(Path.Combine(Artifacts.Root, "docs/tools.md")).Select(line => ToolRow().Match(line)).Where(match => match.Success)
            .SelectMany(match => match.Groups[1].Value.Split(", ").Select(name => (Name: name.Trim('`'), Toolsets: ToolSet.Parse(match.Groups[2].Value))));

        Assert.Equal(ToolSet.Create(session, Toolsets.All).Select(tool => (tool.Name, tool.Toolsets)), argued.OrderBy(row => row.Name, StringComparer.Ordinal));
    }

    [GeneratedRegex(@"^(\w+)(?:\((\w+)\))?$")]
    private static partial Regex Entry();

    [GeneratedRegex(@"^\| ((?:`\w+`(?:, )?)+) \| ([a-z, ]+) \| ")]
    private static partial Regex ToolRow();
}
