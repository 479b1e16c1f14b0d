using System.Text.RegularExpressions;

namespace Moru.Tools.Tests;

/// <summary>The tables in docs/tools.md are whole and true.</summary>
public sealed partial class Coverage
{
    private static readonly (string Seed, string Entry, string Test)[] Table = [.. Lines("docs/tools.md")
        .Select(line => Row().Match(line))
        .Where(match => match.Success)
        .Select(match => (match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Value))];

    [Fact]
    public void Every_member_that_the_SDK_has_is_reached_by_a_tool()
    {
        var members = Lines("docs/sdk.md").Select(line => SdkRow().Match(line)).Where(match => match.Success).Select(match => match.Groups[1].Value).ToList();

        Assert.InRange(members.Count, 100, 200);
        Assert.Empty(members.Except(Table.Where(row => !row.Entry.StartsWith("moru://", StringComparison.Ordinal)).Select(row => row.Seed)));
    }

    [Fact]
    public async Task A_row_names_a_tool_or_a_resource_and_a_test_that_are_there()
    {
        await using var session = new SandboxSession(new MoruClient(new MoruOptions()));
        var tools = ToolSet.Create(session, Toolsets.All).ToDictionary(tool => tool.Name);
        var offers = string.Join('\n', Lines("tests/Moru.Mcp.Tests/Offers.verified.txt"));

        Assert.All(Table, row =>
        {
            if (Tool().Match(row.Entry) is { Success: true } tool)
            {
                Assert.Contains(tool.Groups[1].Value, tools.Keys);
                if (tool.Groups[2].Success) Assert.Contains($"\"{tool.Groups[2].Value}\"", tools[tool.Groups[1].Value].Parameters.GetRawText(), StringComparison.Ordinal);
            }
            else
            {
                Assert.Matches($"\"uri(Template)?\": \"{Regex.Escape(row.Entry)}\"", offers);
            }

            Assert.True(IsTest(row.Test), row.Test);
        });
    }

    [Fact]
    public async Task Every_tool_is_argued_with_its_toolsets()
    {
        await using var session = new SandboxSession(new MoruClient(new MoruOptions()));
        var argued = Lines("docs/tools.md").Select(line => ToolRow().Match(line)).Where(match => match.Success)
            .SelectMany(match => match.Groups[1].Value.Split(", ").Select(name => (Name: name.Trim('`'), Toolsets: ToolSet.Parse(match.Groups[2].Value))));

        Assert.Equal(ToolSet.Create(session, Toolsets.All).Select(tool => (tool.Name, tool.Toolsets)), argued.OrderBy(row => row.Name, StringComparer.Ordinal));
    }

    private static bool IsTest(string name) => name.Split('.') is [var type, var method] && new[] { "Moru.Tools.Tests", "Moru.Mcp.Tests" }
        .Select(project => Path.Combine(Artifacts.Root, "tests", project, $"{type}.cs"))
        .Any(file => File.Exists(file) && File.ReadAllText(file).Contains($" {method}(", StringComparison.Ordinal));

    private static IEnumerable<string> Lines(string path) => File.ReadLines(Path.Combine(Artifacts.Root, path));

    [GeneratedRegex(@"^\| `(.+?)` \| `([^`]+)` \| `(\w+\.\w+)` \|$")]
    private static partial Regex Row();

    [GeneratedRegex(@"^(\w+)(?:\((\w+)\))?$")]
    private static partial Regex Tool();

    [GeneratedRegex(@"^\| `(.+?)` \| `[\w.]+` \| `[\w.]+` \|$")]
    private static partial Regex SdkRow();

    [GeneratedRegex(@"^\| ((?:`\w+`(?:, )?)+) \| ([a-z, ]+) \| ")]
    private static partial Regex ToolRow();
}
