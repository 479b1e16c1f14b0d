using System.Reflection;
using System.Text.RegularExpressions;

namespace Moru.Tools.Tests;

/// <summary>The tables in docs/tools.md are whole and true.</summary>
public sealed partial class Coverage
{
    private static readonly (string Seed, string Tool, string Parameter, string Test)[] Table = [.. Lines("docs/tools.md")
        .Select(line => Row().Match(line))
        .Where(match => match.Success)
        .Select(match => (match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Value, match.Groups[4].Value))];

    [Fact]
    public void Every_member_that_the_SDK_has_is_reached_by_a_tool()
    {
        var members = Lines("docs/sdk.md").Select(line => SdkRow().Match(line)).Where(match => match.Success).Select(match => match.Groups[1].Value).ToList();

        Assert.NotEmpty(members);
        Assert.Empty(members.Except(Table.Select(row => row.Seed)));
    }

    [Fact]
    public async Task A_row_names_a_tool_and_a_test_that_are_there()
    {
        await using var session = new SandboxSession(new MoruClient(new MoruOptions()));
        var tools = ToolSet.Create(session, Toolsets.All).ToDictionary(tool => tool.Name);

        Assert.All(Table, row =>
        {
            Assert.Contains(row.Tool, tools.Keys);
            if (row.Parameter.Length > 0) Assert.Contains($"\"{row.Parameter}\"", tools[row.Tool].Parameters.GetRawText(), StringComparison.Ordinal);
            var (type, method) = (row.Test.Split('.')[0], row.Test.Split('.')[1]);
            Assert.NotNull(typeof(Coverage).Assembly.GetType($"Moru.Tools.Tests.{type}")?.GetMethod(method, BindingFlags.Public | BindingFlags.Instance));
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

    private static IEnumerable<string> Lines(string path) => File.ReadLines(Path.Combine(Artifacts.Root, path));

    [GeneratedRegex(@"^\| `(.+?)` \| `(\w+)(?:\((\w+)\))?` \| `([\w.]+)` \|$")]
    private static partial Regex Row();

    [GeneratedRegex(@"^\| `(.+?)` \| `[\w.]+` \| `[\w.]+` \|$")]
    private static partial Regex SdkRow();

    [GeneratedRegex(@"^\| ((?:`\w+`(?:, )?)+) \| ([a-z, ]+) \| ")]
    private static partial Regex ToolRow();
}
