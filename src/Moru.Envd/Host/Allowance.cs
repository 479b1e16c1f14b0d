using System.Globalization;
using System.Numerics;

namespace Moru.Envd;

/// <summary>
/// What the kernel allows the sandbox and what it has used of it: by its control group, version 2 or 1, which a container finds at the root
/// of <c>/sys/fs/cgroup</c>; by <c>/proc</c>, which shows the whole machine, where there is none.
/// Read anew each time: the engine may change the limits of a running sandbox.
/// </summary>
internal static class Allowance
{
    private const string Root = "/sys/fs/cgroup";
    private const int MaxFile = 1 << 20;
    private const int TicksPerSecond = 100;

    private static bool IsVersion2 => File.Exists($"{Root}/cgroup.controllers");

    /// <summary>Processors, with a fraction when the limit has one.</summary>
    public static double Processors()
    {
        var present = (double)Posix.CountProcessors();
        var (quota, period) = IsVersion2
            ? Text($"{Root}/cpu.max").Split(' ') is [var most, var length] ? (Number(most), Number(length)) : (null, null)
            : (Number(Text($"{Root}/cpu/cpu.cfs_quota_us")), Number(Text($"{Root}/cpu/cpu.cfs_period_us")));
        return quota > 0 && period > 0 ? Math.Min(present, quota.Value / (double)period.Value) : present;
    }

    /// <summary>Processor time used since some moment that stays the same.</summary>
    public static TimeSpan ProcessorTime()
    {
        if (IsVersion2 && Field($"{Root}/cpu.stat", "usage_usec") is { } microseconds) return TimeSpan.FromMicroseconds(microseconds);
        if (Number(Text($"{Root}/cpuacct/cpuacct.usage")) is { } nanoseconds) return TimeSpan.FromTicks(nanoseconds / 100);
        // user nice system idle iowait irq softirq steal: all but the two that do nothing.
        var times = Text("/proc/stat").Split('\n')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(8).Select(text => Number(text) ?? 0).ToArray();
        return TimeSpan.FromSeconds(times.Where((_, column) => column is not (3 or 4)).Sum() / (double)TicksPerSecond);
    }

    /// <summary>Bytes of memory: allowed, and used without the cache of files, which the kernel takes back when it is needed.</summary>
    public static (long Total, long Used) Memory()
    {
        var machine = (Field("/proc/meminfo", "MemTotal:") ?? 0) << 10;
        var (limit, used, cache) = IsVersion2
            ? (Number(Text($"{Root}/memory.max")), Number(Text($"{Root}/memory.current")), Field($"{Root}/memory.stat", "inactive_file"))
            : (Number(Text($"{Root}/memory/memory.limit_in_bytes")), Number(Text($"{Root}/memory/memory.usage_in_bytes")),
                Field($"{Root}/memory/memory.stat", "total_inactive_file"));
        if (used is null) return (machine, machine - ((Field("/proc/meminfo", "MemAvailable:") ?? 0) << 10));
        // No limit is written as "max", or as a number larger than any memory.
        return (Math.Min(limit ?? machine, machine), Math.Max(0, used.Value - (cache ?? 0)));
    }

    private static string Text(string path) => SmallFile.ReadOrEmpty(path, MaxFile).Trim();

    private static long? Number(string text) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static long? Field(string path, string name)
    {
        foreach (var line in SmallFile.ReadOrEmpty(path, MaxFile).Split('\n'))
        {
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var label, var value, ..] && label == name) return Number(value);
        }

        return null;
    }
}

internal static unsafe partial class Posix
{
    private const int AffinityWords = 128;

    [System.Runtime.InteropServices.LibraryImport(Libc, EntryPoint = "sched_getaffinity", SetLastError = true)]
    private static partial int GetAffinity(int pid, nint size, ulong* mask);

    /// <summary>Processors that this process may run on.</summary>
    public static int CountProcessors()
    {
        var mask = stackalloc ulong[AffinityWords];
        new Span<ulong>(mask, AffinityWords).Clear();
        if (GetAffinity(0, AffinityWords * sizeof(ulong), mask) < 0) return Environment.ProcessorCount;
        var count = 0;
        for (var i = 0; i < AffinityWords; i++) count += BitOperations.PopCount(mask[i]);
        return count;
    }
}
