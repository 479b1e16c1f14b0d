using System.Globalization;

namespace Moru.Bench;

/// <summary>What the kernel says about the memory of a process of this machine.</summary>
internal static class ProcessMemory
{
    /// <summary>Whether the process is on this machine; that of a remote engine is not.</summary>
    public static bool IsKnown(int pid) => File.Exists($"/proc/{pid}/smaps_rollup");

    /// <summary>Memory in use now.</summary>
    public static double ResidentMiB(int pid) => MiB($"/proc/{pid}/status", "VmRSS");

    /// <summary>The most that was ever in use.</summary>
    public static double PeakMiB(int pid) => MiB($"/proc/{pid}/status", "VmHWM");

    /// <summary>Memory that is this process's alone: what it wrote, and pages of its executable that no other process uses.</summary>
    public static (double Dirty, double Clean) PrivateMiB(int pid) => (MiB($"/proc/{pid}/smaps_rollup", "Private_Dirty"), MiB($"/proc/{pid}/smaps_rollup", "Private_Clean"));

    private static double MiB(string file, string line) => File.ReadLines(file)
        .Where(text => text.StartsWith(line + ":", StringComparison.Ordinal))
        .Sum(text => long.Parse(text.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture)) / 1024d;
}
