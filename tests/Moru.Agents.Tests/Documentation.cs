using System.Text.RegularExpressions;

namespace Moru.Agents.Tests;

/// <summary>What docs/agents.md shows is what the samples run.</summary>
public sealed partial class Documentation(ServerFixture fixture) : AgentTest(fixture)
{
    private static readonly string Folder = Path.Combine(Artifacts.Root, "samples/Moru.AgentSamples");

    public static TheoryData<string, string> Outputs => new()
    {
        { "agent-framework", "City 4 is the warmest.\n" },
        { "approval", "The agent wants to call kill_sandbox: allowed.\nKilled sandbox i" },
        { "chat-client", "There are 168 primes below 1000.\n" },
        { "code-interpreter", "The total is 7.5.\ntotal.txt (text/plain): 7.5\n" },
        { "conversations", "ada: Noted.\nada: You are Ada.\nbob: You are a stranger.\n" },
        { "semantic-kernel", "It runs Linux.\n" },
        { "sessions-python", "The median is 3.\n" },
    };

    [Theory]
    [MemberData(nameof(Outputs))]
    public async Task A_sample_runs(string name, string output) =>
        Assert.StartsWith(output, await RunSampleAsync(name) + "\n", StringComparison.Ordinal);

    [Fact]
    public async Task Every_block_is_the_body_of_a_sample_and_every_sample_is_a_block()
    {
        var document = await File.ReadAllTextAsync(Path.Combine(Artifacts.Root, "docs/agents.md"), Cancelled);
        var blocks = Fence().Matches(document).Select(match => match.Groups[2].Value.Trim()).Order(StringComparer.Ordinal);
        var bodies = Directory.EnumerateFiles(Folder, "*Sample.cs").Where(file => !file.EndsWith("/Sample.cs", StringComparison.Ordinal)).Select(Body).ToList();

        Assert.Equal(bodies.Order(StringComparer.Ordinal), blocks);
        Assert.Equal(Outputs.Count, bodies.Count);
        Assert.All(Fence().Matches(document), match => Assert.Equal("cs", match.Groups[1].Value));
    }

    // Between the braces of RunAsync, without its indentation.
    private static string Body(string file)
    {
        var lines = File.ReadAllLines(file);
        var start = Array.FindIndex(lines, line => line.Contains("Task RunAsync(", StringComparison.Ordinal)) + 2;
        return string.Join('\n', lines[start..^2].Select(line => line.Length > 8 ? line[8..] : line)).Trim();
    }

    [GeneratedRegex(@"^```(\w+)\n(.*?)^```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Fence();
}
