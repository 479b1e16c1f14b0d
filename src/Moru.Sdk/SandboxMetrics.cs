using System.Text.Json.Serialization;

namespace Moru;

/// <summary>What a sandbox used of what it has, at one moment.</summary>
public sealed record SandboxMetrics
{
    /// <summary>The moment.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>Virtual CPUs.</summary>
    public int CpuCount { get; init; }

    /// <summary>Used share of the CPUs, in percent.</summary>
    [JsonPropertyName("cpuUsedPct")]
    public double CpuUsedPercent { get; init; }

    /// <summary>Used memory in bytes.</summary>
    [JsonPropertyName("memUsed")]
    public long MemoryUsedBytes { get; init; }

    /// <summary>Memory limit in bytes.</summary>
    [JsonPropertyName("memTotal")]
    public long MemoryTotalBytes { get; init; }

    /// <summary>Used disk in bytes.</summary>
    [JsonPropertyName("diskUsed")]
    public long DiskUsedBytes { get; init; }

    /// <summary>Size of the disk in bytes.</summary>
    [JsonPropertyName("diskTotal")]
    public long DiskTotalBytes { get; init; }
}

/// <summary>Wire forms that this library shows as they are.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(IReadOnlyList<SandboxMetrics>))]
internal sealed partial class SdkJson : JsonSerializerContext;
