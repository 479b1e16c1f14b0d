namespace Moru.Runtime;

/// <summary>What a sandbox used at one moment.</summary>
public sealed record MetricSample(
    DateTimeOffset Timestamp, int CpuCount, double CpuUsedPercent, long MemoryUsedBytes, long MemoryTotalBytes, long DiskUsedBytes, long DiskTotalBytes);
