using System.Text.Json.Serialization;

namespace Moru.Protocol;

/// <summary>Answer of envd's <c>GET /metrics</c>: what the sandbox uses of what it was given, which is rarely what the host has.</summary>
public sealed record EnvdMetrics
{
    /// <summary>When it was measured, Unix time in seconds.</summary>
    [JsonPropertyName("ts"), JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required long Timestamp { get; init; }

    /// <summary>Processors the sandbox may use, rounded up.</summary>
    [JsonPropertyName("cpu_count"), JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required int CpuCount { get; init; }

    /// <summary>Share of the allowed processor time used since the metrics were asked for before: 0 to 100, whatever the number of processors.</summary>
    [JsonPropertyName("cpu_used_pct"), JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required double CpuUsedPercent { get; init; }

    /// <summary>Memory the sandbox may use, in MiB.</summary>
    [JsonPropertyName("mem_total_mib"), JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public long MemoryTotalMiB => MemoryTotalBytes >> 20;

    /// <summary>Memory in use, in MiB.</summary>
    [JsonPropertyName("mem_used_mib"), JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public long MemoryUsedMiB => MemoryUsedBytes >> 20;

    /// <summary>Memory the sandbox may use.</summary>
    [JsonPropertyName("mem_total"), JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required long MemoryTotalBytes { get; init; }

    /// <summary>Memory in use, without the cache of files that the kernel gives up first.</summary>
    [JsonPropertyName("mem_used"), JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required long MemoryUsedBytes { get; init; }

    /// <summary>Used part of the disk that holds the sandbox's root directory.</summary>
    [JsonPropertyName("disk_used"), JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required long DiskUsedBytes { get; init; }

    /// <summary>Size of the disk that holds the sandbox's root directory.</summary>
    [JsonPropertyName("disk_total"), JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required long DiskTotalBytes { get; init; }
}
