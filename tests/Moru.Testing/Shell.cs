using System.Diagnostics;

namespace Moru.Testing;

/// <summary>Runs programs of the test machine.</summary>
public static class Shell
{
    // Some fetch hundreds of megabytes.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    /// <summary>Runs a program that must succeed.</summary>
    /// <param name="input">Written to its stdin.</param>
    /// <param name="command">The program and its arguments.</param>
    /// <returns>Its output without the last line break.</returns>
    public static Task<string> RunAsync(ReadOnlyMemory<byte> input, params string[] command) => RunAsync(input, [], command);

    /// <summary>Runs a program that must succeed, with more variables in its environment.</summary>
    public static async Task<string> RunAsync(ReadOnlyMemory<byte> input, IEnumerable<(string Name, string Value)> environment, params string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Limit);
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var errors = process.StandardError.ReadToEndAsync(limit.Token);
        await process.StandardInput.BaseStream.WriteAsync(input, limit.Token);
        process.StandardInput.Close();
        await process.WaitForExitAsync(limit.Token);
        return process.ExitCode == 0
            ? (await output).TrimEnd('\n')
            : throw new InvalidOperationException($"{string.Join(' ', command)}: {await errors}");
    }

    public static Task<string> RunAsync(params string[] command) => RunAsync(default, command);
}
