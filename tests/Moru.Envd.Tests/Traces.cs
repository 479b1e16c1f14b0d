using System.Globalization;
using System.Text;

namespace Moru.Envd.Tests;

/// <summary>
/// Recognises the processes of one test by a number of seconds that nobody else sleeps. Processes of containers are seen too.
/// </summary>
internal sealed class Traces : IDisposable
{
    private static int _last;

    public string Seconds { get; } = string.Create(CultureInfo.InvariantCulture, $"{70_000 + (Environment.ProcessId % 10_000)}.{Interlocked.Increment(ref _last)}7");

    /// <summary>Pids of living processes that sleep for this test.</summary>
    public IReadOnlyList<int> Living() =>
    [
        .. Directory.EnumerateDirectories("/proc")
            .Select(path => int.TryParse(Path.GetFileName(path), out var pid) ? pid : 0)
            .Where(pid => pid > 0 && CommandLine(pid).Contains("sleep\0" + Seconds, StringComparison.Ordinal)),
    ];

    public void Dispose()
    {
        foreach (var pid in Living()) Native.Kill(pid);
    }

    private static string CommandLine(int pid)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{pid}/cmdline"));
        }
        catch (IOException)
        {
            // It ended between the look at /proc and this one.
            return "";
        }
    }

    private static class Native
    {
        public static void Kill(int pid)
        {
            try
            {
                using var process = System.Diagnostics.Process.GetProcessById(pid);
                process.Kill();
            }
            catch (ArgumentException)
            {
                // Gone already.
            }
        }
    }
}
