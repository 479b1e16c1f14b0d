using System.Text.Json;

namespace Moru.Mcp.Tests;

/// <summary>
/// The protocol's own conformance suite against the real <c>moru-mcp http</c> as it is: every scenario of a revision that names no tool, prompt or resource
/// that a server must have for it. Those that pass because what they name is not there are none of them.
/// </summary>
public sealed class OfficialSuiteWithoutFixtures(McpHttpFixture fixture) : IClassFixture<McpHttpFixture>, IDisposable
{
    private readonly TemporaryDirectory results = new();

    public void Dispose() => results.Dispose();

    [Theory]
    [InlineData("2025-11-25", "dns-rebinding-protection logging-set-level ping prompts-list resources-list server-initialize server-session-lifecycle server-sse-multiple-streams tools-list")]
    [InlineData("2026-07-28", "caching dns-rebinding-protection http-header-validation input-required-result-unsupported-methods prompts-list resources-list sep-2164-resource-not-found server-sse-multiple-streams server-stateless tools-list")]
    public async Task Every_scenario_that_needs_nothing_of_the_suite_passes(string revision, string scenarios)
    {
        await using var server = await KeyInFront.StartAsync(fixture.Server);

        var (_, output) = await OfficialSuite.RunSuiteAsync("server", "--url", server.Url, "--requirements", revision, "--output-dir", results.Path);

        var failed = scenarios.Split(' ').Where(scenario => !Passed(Checks(scenario)));
        Assert.True(!failed.Any(), $"{string.Join(' ', failed)}\n{output}");
    }

    /// <summary>An empty scenario does not pass, nor one with nothing but the check of its messages' form that each has.</summary>
    private static bool Passed(JsonElement[] checks) =>
        checks.Any(check => Is(check, "status", "SUCCESS") && !Is(check, "id", "wire-schema-valid"))
        && checks.Where(check => Is(check, "status", "FAILURE")).All(NeedsTool);

    /// <summary><c>server-stateless</c> has a few checks that need tools, among many that do not.</summary>
    private static bool NeedsTool(JsonElement check) => check.GetProperty("errorMessage").GetString()!.StartsWith("Not testable: server does not list the diagnostic tool", StringComparison.Ordinal);

    private static bool Is(JsonElement check, string member, string value) => check.GetProperty(member).GetString() == value;

    private JsonElement[] Checks(string scenario)
    {
        var folder = Directory.GetDirectories(results.Path, $"server-{scenario}-2*").SingleOrDefault();
        return folder is null ? [] : [.. JsonElement.Parse(File.ReadAllText(Path.Combine(folder, "checks.json"))).EnumerateArray()];
    }
}
