using System.Globalization;
using System.Runtime.InteropServices;

namespace Moru.Runtime;

/// <summary>What the kernel says about this machine.</summary>
public static class Machine
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>The processor, as <c>/proc/cpuinfo</c> names it; empty where it does not.</summary>
    public static Processor ReadProcessor()
    {
        var first = Lines("/proc/cpuinfo").TakeWhile(line => line.Length > 0).Select(line => line.Split(':', 2))
            .Where(parts => parts.Length == 2).DistinctBy(parts => parts[0].Trim()).ToDictionary(parts => parts[0].Trim(), parts => parts[1].Trim());
        return new Processor(
            first.GetValueOrDefault("cpu family", ""), first.GetValueOrDefault("model", ""), first.GetValueOrDefault("model name", ""),
            RuntimeInformation.OSArchitecture switch { Architecture.X64 => "x86_64", Architecture.Arm64 => "aarch64", var other => other.ToString() });
    }

    /// <summary>How busy all processors were over the next tenth of a second, and how many there are.</summary>
    public static async Task<(double Percent, int Count)> MeasureCpuAsync(CancellationToken cancellationToken)
    {
        var before = ReadTicks();
        await Task.Delay(Look, cancellationToken);
        var after = ReadTicks();
        var total = after.Total - before.Total;
        return (total > 0 ? 100.0 * (after.Busy - before.Busy) / total : 0, after.Count > 0 ? after.Count : Environment.ProcessorCount);
    }

    /// <summary>Memory that is not available to new processes, and all there is.</summary>
    public static (long UsedBytes, long TotalBytes) ReadMemory()
    {
        var sizes = Lines("/proc/meminfo").Select(line => line.Split([':', ' '], StringSplitOptions.RemoveEmptyEntries))
            .Where(parts => parts.Length >= 2).ToDictionary(parts => parts[0], parts => long.Parse(parts[1], CultureInfo.InvariantCulture) * 1024);
        var total = sizes.GetValueOrDefault("MemTotal");
        return (total - sizes.GetValueOrDefault("MemAvailable"), total);
    }

    /// <summary>The filesystems that hold these directories, each once. A directory that cannot be seen is left out.</summary>
    public static IReadOnlyList<MachineDisk> ReadDisks(params IEnumerable<string> directories)
    {
        var mounts = Lines("/proc/self/mounts").Select(line => line.Split(' ')).Where(parts => parts.Length >= 3)
            .Select(parts => (Device: parts[0], Point: parts[1].Replace(@"\040", " ", StringComparison.Ordinal), Type: parts[2])).ToList();
        // Of those on one point, the last hides the others.
        return
        [
            .. directories.Where(Directory.Exists)
                .Select(path => mounts.Where(mount => Holds(mount.Point, path)).OrderBy(mount => mount.Point.Length).LastOrDefault())
                .Where(mount => mount.Point is not null)
                // One device may be mounted in several places; what is no device, such as tmpfs, is another filesystem in each.
                .DistinctBy(mount => mount.Device.StartsWith('/') ? mount.Device : mount.Point)
                .Select(mount =>
                {
                    var drive = new DriveInfo(mount.Point);
                    return new MachineDisk(mount.Point, mount.Device, mount.Type, drive.TotalSize - drive.TotalFreeSpace, drive.TotalSize);
                }),
        ];
    }

    private static bool Holds(string point, string path) =>
        point == "/" || path == point || path.StartsWith(point + "/", StringComparison.Ordinal);

    private static (long Busy, long Total, int Count) ReadTicks()
    {
        var lines = Lines("/proc/stat").ToList();
        // user nice system idle iowait irq softirq steal; guest time is part of user time.
        var ticks = lines.FirstOrDefault("").Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(8)
            .Select(text => long.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        var count = lines.Count(line => line.Length > 3 && line.StartsWith("cpu", StringComparison.Ordinal) && char.IsAsciiDigit(line[3]));
        return ticks.Length < 5 ? default : (ticks.Sum() - ticks[3] - ticks[4], ticks.Sum(), count);
    }

    /// <summary>Nothing on a system without <c>/proc</c>.</summary>
    private static IEnumerable<string> Lines(string file) => File.Exists(file) ? File.ReadLines(file) : [];
}

/// <summary>A processor in the kernel's words.</summary>
public sealed record Processor(string Family, string Model, string ModelName, string Architecture);

/// <summary>A mounted filesystem.</summary>
public sealed record MachineDisk(string MountPoint, string Device, string FilesystemType, long UsedBytes, long TotalBytes);
