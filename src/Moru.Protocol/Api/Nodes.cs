using System.Text.Json.Serialization;

namespace Moru.Protocol;

/// <summary>One machine that runs sandboxes, as <c>GET /nodes</c> lists it.</summary>
public record Node
{
    /// <summary>Identifier of the node.</summary>
    [JsonPropertyName("nodeID")]
    public required string NodeId { get; init; }

    /// <summary>The same again.</summary>
    public required string Id { get; init; }

    /// <summary>Identifies the running server: another one after each start.</summary>
    [JsonPropertyName("serviceInstanceID")]
    public required string ServiceInstanceId { get; init; }

    /// <summary>Always the empty UUID: one machine is no cluster.</summary>
    [JsonPropertyName("clusterID")]
    public string ClusterId { get; init; } = Guid.Empty.ToString();

    /// <summary>Whether it takes sandboxes.</summary>
    public required NodeStatus Status { get; init; }

    /// <summary>Sandboxes that run.</summary>
    public required int SandboxCount { get; init; }

    /// <summary>Sandboxes that start.</summary>
    public required int SandboxStartingCount { get; init; }

    /// <summary>Sandboxes started since the server did.</summary>
    public required long CreateSuccesses { get; init; }

    /// <summary>Sandboxes that did not start.</summary>
    public required long CreateFails { get; init; }

    /// <summary>Version of the server.</summary>
    public required string Version { get; init; }

    /// <summary>Revision of the source that it was built from; empty when unknown.</summary>
    public required string Commit { get; init; }

    /// <summary>Use of the machine.</summary>
    public required NodeMetrics Metrics { get; init; }

    /// <summary>Its processor.</summary>
    public required MachineInfo MachineInfo { get; init; }
}

/// <summary>Answer to <c>GET /nodes/{nodeID}</c>.</summary>
public sealed record NodeDetail : Node
{
    /// <summary>The sandboxes that run there.</summary>
    public required IReadOnlyList<ListedSandbox> Sandboxes { get; init; }

    /// <summary>Template builds whose images are there.</summary>
    public required IReadOnlyList<string> CachedBuilds { get; init; }
}

/// <summary>Whether a node takes sandboxes.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<NodeStatus>))]
public enum NodeStatus
{
    /// <summary>It does.</summary>
    [JsonStringEnumMemberName("ready")]
    Ready,

    /// <summary>It was told not to.</summary>
    [JsonStringEnumMemberName("draining")]
    Draining,

    /// <summary>The server has just begun to talk to it.</summary>
    [JsonStringEnumMemberName("connecting")]
    Connecting,

    /// <summary>Its engine does not answer.</summary>
    [JsonStringEnumMemberName("unhealthy")]
    Unhealthy,
}

/// <summary>Body of <c>POST /nodes/{nodeID}</c>.</summary>
/// <param name="Status">Ready or draining.</param>
public sealed record NodeStatusChange([property: JsonRequired] NodeStatus Status);

/// <summary>Use of a machine.</summary>
public sealed record NodeMetrics
{
    /// <summary>Virtual CPUs of the sandboxes that start or run; more than there are is fine.</summary>
    [JsonPropertyName("allocatedCPU")]
    public required int AllocatedCpu { get; init; }

    /// <summary>How busy all processors are, 0 to 100.</summary>
    public required double CpuPercent { get; init; }

    /// <summary>Processors of the machine.</summary>
    public required int CpuCount { get; init; }

    /// <summary>Memory limits of all sandboxes, since paused ones keep theirs.</summary>
    public required long AllocatedMemoryBytes { get; init; }

    /// <summary>Memory that is not available, whoever has it.</summary>
    public required long MemoryUsedBytes { get; init; }

    /// <summary>Memory of the machine.</summary>
    public required long MemoryTotalBytes { get; init; }

    /// <summary>Filesystems of the server's data and of the engine's.</summary>
    public required IReadOnlyList<DiskMetrics> Disks { get; init; }
}

/// <summary>Use of one filesystem.</summary>
/// <param name="MountPoint">Where it is mounted.</param>
/// <param name="Device">What is mounted.</param>
/// <param name="FilesystemType">Such as ext4.</param>
/// <param name="UsedBytes">Bytes in use.</param>
/// <param name="TotalBytes">Bytes in all.</param>
public sealed record DiskMetrics(string MountPoint, string Device, string FilesystemType, long UsedBytes, long TotalBytes);

/// <summary>A processor, in the words of <c>/proc/cpuinfo</c>.</summary>
/// <param name="CpuFamily">Family.</param>
/// <param name="CpuModel">Model.</param>
/// <param name="CpuModelName">Name for people.</param>
/// <param name="CpuArchitecture">Such as x86_64.</param>
public sealed record MachineInfo(string CpuFamily, string CpuModel, string CpuModelName, string CpuArchitecture);
