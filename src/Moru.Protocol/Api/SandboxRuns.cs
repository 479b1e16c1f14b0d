using System.Text.Json.Serialization;

namespace Moru.Protocol;

/// <summary>One sandbox as <c>GET /v2/sandbox-runs</c> lists it, also after its end.</summary>
public sealed record SandboxRun
{
    /// <summary>Identifier of the sandbox.</summary>
    [JsonPropertyName("sandboxID")]
    public required string SandboxId { get; init; }

    /// <summary>Template the sandbox was made from.</summary>
    [JsonPropertyName("templateID")]
    public required string TemplateId { get; init; }

    /// <summary>Name of the template, when it has one.</summary>
    public string? Alias { get; init; }

    /// <summary>Running, paused or stopped.</summary>
    public required SandboxRunStatus Status { get; init; }

    /// <summary>Why it stopped.</summary>
    public SandboxEndReason? EndReason { get; init; }

    /// <summary>When it ran for the first time.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it stopped.</summary>
    public DateTimeOffset? EndedAt { get; init; }
}

/// <summary>What a sandbox does now.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SandboxRunStatus>))]
public enum SandboxRunStatus
{
    /// <summary>Processes run.</summary>
    [JsonStringEnumMemberName("running")]
    Running,

    /// <summary>Kept, but nothing runs.</summary>
    [JsonStringEnumMemberName("paused")]
    Paused,

    /// <summary>It is no more.</summary>
    [JsonStringEnumMemberName("stopped")]
    Stopped,
}

/// <summary>Why a sandbox stopped.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SandboxEndReason>))]
public enum SandboxEndReason
{
    /// <summary>Someone asked for it.</summary>
    [JsonStringEnumMemberName("killed")]
    Killed,

    /// <summary>Its time was over.</summary>
    [JsonStringEnumMemberName("timeout")]
    Timeout,

    /// <summary>It ended by itself.</summary>
    [JsonStringEnumMemberName("error")]
    Error,

    /// <summary>What it ran on was shut down.</summary>
    [JsonStringEnumMemberName("shutdown")]
    Shutdown,
}
