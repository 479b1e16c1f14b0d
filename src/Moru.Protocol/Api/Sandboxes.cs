using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Moru.Protocol;

/// <summary>Body of <c>POST /sandboxes</c>.</summary>
public sealed record NewSandbox
{
    /// <summary>Template id or alias.</summary>
    [JsonPropertyName("templateID")]
    public required string TemplateId { get; init; }

    /// <summary>Seconds the sandbox may live; the server's default is 15.</summary>
    [JsonConverter(typeof(NotNull<int?>))]
    public int? Timeout { get; init; }

    /// <summary>Pause the sandbox at its end in place of killing it; the server's default is false.</summary>
    [JsonConverter(typeof(NotNull<bool?>))]
    public bool? AutoPause { get; init; }

    /// <summary>Protect envd with an access token; the server's default is false, SDKs send true.</summary>
    [JsonConverter(typeof(NotNull<bool?>))]
    public bool? Secure { get; init; }

    /// <summary>Whether the sandbox may open connections to the internet. The one member of the wire in snake case.</summary>
    [JsonPropertyName("allow_internet_access")]
    [JsonConverter(typeof(NotNull<bool?>))]
    public bool? AllowInternetAccess { get; init; }

    /// <summary>What traffic may enter and leave.</summary>
    [JsonConverter(typeof(NotNull<NewSandboxNetwork>))]
    public NewSandboxNetwork? Network { get; init; }

    /// <summary>The caller's own labels.</summary>
    [JsonConverter(typeof(NotNull<IReadOnlyDictionary<string, string>>))]
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>Environment of every process in the sandbox.</summary>
    [JsonConverter(typeof(NotNull<IReadOnlyDictionary<string, string>>))]
    public IReadOnlyDictionary<string, string>? EnvVars { get; init; }

    /// <summary>Volume to mount at <see cref="VolumeMountPath"/>.</summary>
    [JsonConverter(typeof(NotNull<string>))]
    public string? VolumeId { get; init; }

    /// <summary>Where the volume is mounted; ignored without one.</summary>
    [JsonConverter(typeof(NotNull<string>))]
    public string? VolumeMountPath { get; init; }
}

/// <summary>Member <c>network</c> of <see cref="NewSandbox"/>.</summary>
public sealed record NewSandboxNetwork
{
    /// <summary>Whether everybody may reach the sandbox's ports; the server's default is true. False makes a traffic token.</summary>
    [JsonConverter(typeof(NotNull<bool?>))]
    public bool? AllowPublicTraffic { get; init; }

    /// <summary>IP addresses, CIDR ranges and domains that may be reached in any case.</summary>
    [JsonConverter(typeof(NotNull<IReadOnlyList<string>>))]
    public IReadOnlyList<string>? AllowOut { get; init; }

    /// <summary>IP addresses and CIDR ranges that may not be reached.</summary>
    [JsonConverter(typeof(NotNull<IReadOnlyList<string>>))]
    public IReadOnlyList<string>? DenyOut { get; init; }

    /// <summary>Host that the sandbox's servers see in place of the real one; <c>${PORT}</c> stands for the port.</summary>
    [JsonConverter(typeof(NotNull<string>))]
    public string? MaskRequestHost { get; init; }
}

/// <summary>Answer to create and connect.</summary>
public sealed record SandboxAccess
{
    /// <summary>Template the sandbox was made from.</summary>
    [JsonPropertyName("templateID")]
    public required string TemplateId { get; init; }

    /// <summary>Identifier of the sandbox.</summary>
    [JsonPropertyName("sandboxID")]
    public required string SandboxId { get; init; }

    /// <summary>Always <see cref="LegacyClientId"/>; official clients require the member.</summary>
    [JsonPropertyName("clientID")]
    public string ClientId { get; init; } = LegacyClientId;

    /// <summary>Version of the agent protocol; clients switch features on it.</summary>
    public required string EnvdVersion { get; init; }

    /// <summary>Name of the template, when it has one.</summary>
    public string? Alias { get; init; }

    /// <summary>Credential for envd; null when the sandbox is not secured. Written even when null: one official client requires it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? EnvdAccessToken { get; init; }

    /// <summary>Credential for ports other than envd's; null when everybody may reach them.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? TrafficAccessToken { get; init; }

    /// <summary>Domain of the sandbox's host names; null: the client's configured domain.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Domain { get; init; }

    /// <summary>
    /// URL of its ports, <c>{port}</c> in place of the number, for programs that do not know this server's certificate; null: host names of
    /// <see cref="Domain"/> with TLS. Official servers leave it out.
    /// </summary>
    [JsonPropertyName("portURL")]
    public string? PortUrl { get; init; }

    /// <summary>The constant that fills <see cref="ClientId"/>.</summary>
    public const string LegacyClientId = "6532622b";
}

/// <summary>One sandbox as <c>GET /v2/sandboxes</c> lists it.</summary>
public record ListedSandbox
{
    /// <summary>Template the sandbox was made from.</summary>
    [JsonPropertyName("templateID")]
    public required string TemplateId { get; init; }

    /// <summary>Identifier of the sandbox.</summary>
    [JsonPropertyName("sandboxID")]
    public required string SandboxId { get; init; }

    /// <summary>Always <see cref="SandboxAccess.LegacyClientId"/>.</summary>
    [JsonPropertyName("clientID")]
    public string ClientId { get; init; } = SandboxAccess.LegacyClientId;

    /// <summary>When the sandbox was ready, or ready again after its last pause.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it will be killed or paused unless its timeout is set anew; of a paused one, when it was paused.</summary>
    public required DateTimeOffset EndAt { get; init; }

    /// <summary>Running or paused.</summary>
    public required SandboxState State { get; init; }

    /// <summary>Virtual CPUs.</summary>
    public required int CpuCount { get; init; }

    /// <summary>Memory limit in MiB.</summary>
    [JsonPropertyName("memoryMB")]
    public required int MemoryMB { get; init; }

    /// <summary>Disk limit in MiB; 0: not limited.</summary>
    [JsonPropertyName("diskSizeMB")]
    public required int DiskSizeMB { get; init; }

    /// <summary>Version of the agent protocol.</summary>
    public required string EnvdVersion { get; init; }

    /// <summary>Name of the template, when it has one.</summary>
    public string? Alias { get; init; }

    /// <summary>The caller's own labels.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }
}

/// <summary>Answer to <c>GET /sandboxes/{id}</c>.</summary>
public sealed record SandboxDetail : ListedSandbox
{
    /// <summary>Makes an empty detail, to be filled.</summary>
    [JsonConstructor]
    public SandboxDetail()
    {
    }

    /// <summary>Makes the detail of a sandbox from its entry in the list.</summary>
    [SetsRequiredMembers]
    public SandboxDetail(ListedSandbox listed)
        : base(listed)
    {
    }

    /// <summary>Credential for envd; null when the sandbox is not secured.</summary>
    public string? EnvdAccessToken { get; init; }

    /// <summary>As <see cref="SandboxAccess.TrafficAccessToken"/>; official servers leave it out.</summary>
    public string? TrafficAccessToken { get; init; }

    /// <summary>Domain of the sandbox's host names; null: the client's configured domain.</summary>
    public string? Domain { get; init; }

    /// <summary>As <see cref="SandboxAccess.PortUrl"/>.</summary>
    [JsonPropertyName("portURL")]
    public string? PortUrl { get; init; }
}

/// <summary>State of a sandbox as the wire shows it.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SandboxState>))]
public enum SandboxState
{
    /// <summary>Processes run.</summary>
    [JsonStringEnumMemberName("running")]
    Running,

    /// <summary>Kept, but nothing runs.</summary>
    [JsonStringEnumMemberName("paused")]
    Paused,
}

/// <summary>Body of <c>POST /sandboxes/{id}/timeout</c> and <c>/connect</c>.</summary>
/// <param name="Timeout">Seconds from now.</param>
public sealed record SandboxTimeout([property: JsonRequired] int Timeout);

/// <summary>Body of <c>POST /sandboxes/{id}/refreshes</c>.</summary>
public sealed record SandboxRefresh
{
    /// <summary>Seconds from now, 0 to 3600; less than 15 counts as 15.</summary>
    [JsonConverter(typeof(NotNull<int?>))]
    public int? Duration { get; init; }
}

/// <summary>Body of <c>POST /sandboxes/{id}/resume</c>.</summary>
public sealed record ResumedSandbox
{
    /// <summary>Seconds from now; the server's default is 15.</summary>
    [JsonConverter(typeof(NotNull<int?>))]
    public int? Timeout { get; init; }

    /// <summary>Pause the sandbox at its end in place of killing it; absent: as before.</summary>
    [JsonConverter(typeof(NotNull<bool?>))]
    public bool? AutoPause { get; init; }
}
