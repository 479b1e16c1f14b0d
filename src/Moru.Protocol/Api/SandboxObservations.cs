using System.Text.Json.Serialization;

namespace Moru.Protocol;

/// <summary>Answer of <c>GET /sandboxes/{id}/logs</c>: the same entries in two forms.</summary>
/// <param name="Logs">As lines.</param>
/// <param name="LogEntries">With all that is known.</param>
public sealed record SandboxLogs(IReadOnlyList<SandboxLogLine> Logs, IReadOnlyList<SandboxLogEntry> LogEntries);

/// <summary>An entry of a sandbox's log as a line.</summary>
/// <param name="Timestamp">When it was written.</param>
/// <param name="Line">The output, or what happened in words.</param>
public sealed record SandboxLogLine(DateTimeOffset Timestamp, string Line);

/// <summary>An entry of a sandbox's log.</summary>
/// <param name="Timestamp">When it was written.</param>
/// <param name="EventType">One of <see cref="LogEvents"/>.</param>
/// <param name="Message">The output, or what happened in words.</param>
/// <param name="Fields">What else is known, such as <c>pid</c>, <c>command</c> or <c>process_result</c>.</param>
public sealed record SandboxLogEntry(DateTimeOffset Timestamp, string EventType, string Message, IReadOnlyDictionary<string, string> Fields);

/// <summary>What a sandbox used at one moment.</summary>
public sealed record SandboxMetric
{
    /// <summary>When.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>The same in Unix seconds.</summary>
    public required long TimestampUnix { get; init; }

    /// <summary>Processors the sandbox may use.</summary>
    public required int CpuCount { get; init; }

    /// <summary>Share of the allowed processor time in use, 0 to 100.</summary>
    [JsonPropertyName("cpuUsedPct")]
    public required double CpuUsedPercent { get; init; }

    /// <summary>Memory in use, in bytes.</summary>
    [JsonPropertyName("memUsed")]
    public required long MemoryUsedBytes { get; init; }

    /// <summary>Memory the sandbox may use, in bytes.</summary>
    [JsonPropertyName("memTotal")]
    public required long MemoryTotalBytes { get; init; }

    /// <summary>Disk in use, in bytes.</summary>
    [JsonPropertyName("diskUsed")]
    public required long DiskUsedBytes { get; init; }

    /// <summary>Size of the disk, in bytes.</summary>
    [JsonPropertyName("diskTotal")]
    public required long DiskTotalBytes { get; init; }
}

/// <summary>Answer of <c>GET /sandboxes/metrics</c>.</summary>
/// <param name="Sandboxes">The newest sample of each sandbox, by its id.</param>
public sealed record SandboxesMetrics(IReadOnlyDictionary<string, SandboxMetric> Sandboxes);
