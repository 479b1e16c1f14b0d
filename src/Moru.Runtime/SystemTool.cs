using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Moru.Runtime;

/// <summary>Programs of this machine's system, which are asked to change its kernel's state.</summary>
internal static class SystemTool
{
    private static readonly string[] Places = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];

    /// <returns>Its path; null: it is not installed.</returns>
    public static string? Find(string tool) => Places.Select(place => Path.Combine(place, tool)).FirstOrDefault(File.Exists);

    /// <summary>Runs a tool to its end. Nobody's cancellation reaches it: a change that was begun is made.</summary>
    /// <returns>What it printed.</returns>
    /// <exception cref="SystemToolException">It is not installed, took longer than the bound, or failed; the message says which and why.</exception>
    public static async Task<string> RunAsync(TimeSpan bound, string tool, IEnumerable<string> arguments, string input = "")
    {
        var path = Find(tool) ?? throw new SystemToolException($"{tool} is not installed");
        var start = new ProcessStartInfo(path, arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, StandardInputEncoding = Encoding.ASCII,
        };
        using var limit = new CancellationTokenSource(bound);
        try
        {
            using var process = Process.Start(start)!;
            try
            {
                var output = process.StandardOutput.ReadToEndAsync(limit.Token);
                var problem = process.StandardError.ReadToEndAsync(limit.Token);
                await process.StandardInput.WriteAsync(input.AsMemory(), limit.Token);
                process.StandardInput.Close();
                await process.WaitForExitAsync(limit.Token);
                return process.ExitCode == 0 ? await output : throw new SystemToolException($"{tool} failed: {(await problem).Split('\n')[0]}");
            }
            catch (OperationCanceledException)
            {
                process.Kill();
                throw new SystemToolException($"{tool} took longer than {bound.TotalSeconds:0} s");
            }
        }
        catch (Exception failure) when (failure is IOException or Win32Exception)
        {
            throw new SystemToolException($"{tool} failed: {failure.Message}");
        }
    }
}

/// <summary>A tool of the system did not do what it was asked for.</summary>
internal sealed class SystemToolException(string message) : Exception(message);
