using System.Reflection;
using System.Text.RegularExpressions;
using ModelContextProtocol.Client;
using Moru.Tools;

namespace Moru.Mcp.Tests;

/// <summary>The page of what is reachable says neither less nor more than there is.</summary>
public sealed partial class McpCoverage(FaceWithoutServer face) : IClassFixture<FaceWithoutServer>
{
    private static readonly Type[] Seed = [typeof(Sandbox), typeof(SandboxFiles), typeof(SandboxCommands), typeof(SandboxPty), typeof(Volume)];

    private static readonly IReadOnlyList<(string Member, string Entry, string Test)> Rows =
    [
        .. RowPattern().Matches(File.ReadAllText(Path.Combine(Artifacts.Root, "docs/mcp-coverage.md")))
            .Select(row => (row.Groups[1].Value, row.Groups[2].Value, row.Groups[3].Value.Trim())),
    ];

    [Fact]
    public void Every_member_has_a_row()
    {
        var members = Seed.SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
            .Where(method => !method.IsSpecialName && method.Name is not nameof(IAsyncDisposable.DisposeAsync))
            .Select(method => $"{type.Name}.{method.Name}"));

        Assert.Equal(members.Distinct().Order(StringComparer.Ordinal), Rows.Select(row => row.Member).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_entry_is_offered()
    {
        var client = face.Client;
        await using var session = new SandboxSession(new MoruClient(new MoruOptions { ApiUrl = new Uri("unix:/nonexistent/moru.sock") }));
        IEnumerable<string> offered =
        [
            .. ToolSet.Create(session, Toolsets.All).Select(tool => tool.Name),
            .. (await client.ListResourcesAsync(cancellationToken: TestContext.Current.CancellationToken)).Select(resource => resource.Uri),
            .. (await client.ListResourceTemplatesAsync(cancellationToken: TestContext.Current.CancellationToken)).Select(template => template.UriTemplate),
            .. (await client.ListPromptsAsync(cancellationToken: TestContext.Current.CancellationToken)).Select(prompt => prompt.Name),
        ];

        Assert.All(Rows, row =>
        {
            var named = Named().Matches(row.Entry).Select(match => match.Groups[1].Value).ToList();
            Assert.True(named.Count > 0 || row.Entry.StartsWith("- ", StringComparison.Ordinal), row.Member);
            Assert.All(named, name => Assert.Contains(name, offered));
        });
    }

    [Fact]
    public void Every_test_is_there()
    {
        var tests = typeof(McpCoverage).Assembly.GetTypes().SelectMany(type => type.GetMethods().Select(method => $"{type.Name}.{method.Name}")).ToHashSet();

        Assert.All(Rows, row => Assert.True(row.Test.Length == 0 ? row.Entry.StartsWith("- ", StringComparison.Ordinal) : tests.Contains(row.Test), $"{row.Member}: {row.Test}"));
    }

    [GeneratedRegex(@"^\| ([A-Z]\w+\.\w+) \| (.+?) \|(.*)\|$", RegexOptions.Multiline)]
    private static partial Regex RowPattern();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Named();
}
