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

    /// <summary>
    /// Used disk in bytes: of the sandbox where the server can limit what it writes, else of the whole disk that it shares with others. What it can
    /// still write is <see cref="DiskTotalBytes"/> less this.
    /// </summary>
    public long DiskUsedBytes { get; init; }

    /// <summary>Size of the disk in bytes: the limit of the sandbox, else the disk that it shares with others.</summary>
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
