namespace Moru.Runtime;

/// <summary>Everything that is known about one sandbox at one moment. Immutable; stored.</summary>
public sealed record SandboxRecord
{
    public required string Id { get; init; }

    /// <summary>Whom it belongs to, for life.</summary>
    public required string TeamId { get; init; }

    public required string TemplateId { get; init; }

    /// <summary>Name of the template, when it has one.</summary>
    public string? Alias { get; init; }

    /// <summary>When it ran for the first time; null while it never did.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>When the sandbox was ready, or ready again after its last pause; while it starts, when it was asked for.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it will be killed or paused; of a paused one, when it was paused.</summary>
    public required DateTimeOffset EndAt { get; init; }

    /// <summary>Whether it is paused, and not killed, at its end.</summary>
    public bool AutoPause { get; init; }

    public required SandboxPhase State { get; init; }

    /// <summary>Why it ended; set from <see cref="SandboxPhase.Killing"/> on.</summary>
    public EndReason? EndReason { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>The caller's own labels. They never become engine labels.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    public required IReadOnlyDictionary<string, string> EnvVars { get; init; }

    public required bool Secure { get; init; }

    /// <summary>Credential for envd, stable for the life of the id; null when the sandbox is not secured.</summary>
    public string? AccessToken { get; init; }

    /// <summary>Credential for ports other than envd's; null when they are open to everybody.</summary>
    public string? TrafficToken { get; init; }

    public required bool AllowInternet { get; init; }

    public NetworkRules Network { get; init; } = NetworkRules.None;

    /// <summary>The volume it has, for life.</summary>
    public VolumeMount? Volume { get; init; }

    public required SandboxLimits Limits { get; init; }

    /// <summary>The engine's id of the container, once it is known.</summary>
    public string? ContainerId { get; init; }

    /// <summary>Where envd answers, once it is known.</summary>
    public EngineAddress? Address { get; init; }

    /// <summary>Which copy of envd the container has mounted.</summary>
    public required string EnvdDigest { get; init; }

    /// <summary>The machine that the container runs on, in the engine's words.</summary>
    public string? NodeId { get; init; }
}

/// <summary>What one sandbox may use.</summary>
/// <param name="CpuCount">Virtual CPUs.</param>
/// <param name="MemoryMB">Memory in MiB; there is no swap beyond it.</param>
/// <param name="DiskSizeMB">Disk in MiB; 0: not limited.</param>
/// <param name="PidsLimit">Processes and threads.</param>
public sealed record SandboxLimits(int CpuCount, int MemoryMB, int DiskSizeMB, int PidsLimit);

/// <summary>A volume in a sandbox.</summary>
/// <param name="VolumeId">Which.</param>
/// <param name="Path">Where in the sandbox it is.</param>
public sealed record VolumeMount(string VolumeId, string Path);

public enum EndReason
{
    /// <summary>Someone asked for it.</summary>
    Killed,

    /// <summary>Its time was over.</summary>
    Timeout,

    /// <summary>It did not start, or its container ended by itself.</summary>
    Error,

    /// <summary>Its container was stopped from outside, as an engine does that is shut down itself.</summary>
    Shutdown,
}
