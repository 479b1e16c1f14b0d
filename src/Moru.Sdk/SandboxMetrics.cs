using Moru.Protocol;

namespace Moru;

/// <summary>What a sandbox used of what it has, at one moment.</summary>
public sealed record SandboxMetrics
{
    /// <summary>The moment.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>Virtual CPUs.</summary>
    public int CpuCount { get; init; }

    /// <summary>Used share of the CPUs, in percent.</summary>
    public double CpuUsedPercent { get; init; }

    /// <summary>Used memory in bytes.</summary>
    public long MemoryUsedBytes { get; init; }

    /// <summary>Memory limit in bytes.</summary>
    public long MemoryTotalBytes { get; init; }

    /// <summary>Used disk in bytes.</summary>
    public long DiskUsedBytes { get; init; }

    /// <summary>Size of the disk in bytes.</summary>
    public long DiskTotalBytes { get; init; }

    internal static SandboxMetrics From(SandboxMetric wire) => new()
    {
        Timestamp = wire.Timestamp,
        CpuCount = wire.CpuCount,
        CpuUsedPercent = wire.CpuUsedPercent,
        MemoryUsedBytes = wire.MemoryUsedBytes,
        MemoryTotalBytes = wire.MemoryTotalBytes,
        DiskUsedBytes = wire.DiskUsedBytes,
        DiskTotalBytes = wire.DiskTotalBytes,
    };
}
