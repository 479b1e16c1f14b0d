using System.Text.RegularExpressions;

namespace Moru.Protocol.Tests;

/// <summary>What the security model says about its tests.</summary>
public sealed partial class SecurityModel
{
    [Fact]
    public void Every_test_that_it_names_exists()
    {
        var sources = Directory.EnumerateFiles(Path.Combine(Artifacts.Root, "tests"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText).ToList();
        var named = Named().Matches(File.ReadAllText(Path.Combine(Artifacts.Root, "docs/security.md"))).Select(match => (Class: match.Groups[1].Value, Method: match.Groups[2].Value)).ToList();

        Assert.NotEmpty(named);
        Assert.All(named, test => Assert.Contains(
            sources, source => Regex.IsMatch(source, $@"\bclass {test.Class}\b") && Regex.IsMatch(source, $@"\[(Fact|Theory)\]\s+(\[.*\]\s+)*public (async Task|Task|void) {test.Method}\(")));
    }

    // A test's name is a sentence, which tells it from other things with a dot.
    [GeneratedRegex(@"`([A-Z]\w+)\.([A-Z]\w*_\w+)`")]
    private static partial Regex Named();
}
