using System.Diagnostics;

namespace Moru.Server.Tests;

/// <summary>The engine's own command line, for what a test looks at or puts there.</summary>
internal static class Docker
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    /// <returns>What it wrote, without the last line break.</returns>
    public static async Task<string> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("docker", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        using var limit = new CancellationTokenSource(Limit);
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var errors = process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return process.ExitCode == 0 ? (await output).TrimEnd('\n') : throw new InvalidOperationException($"docker {string.Join(' ', arguments)}: {await errors}");
    }
}
