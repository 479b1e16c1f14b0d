using System.Text.Json.Serialization;

namespace Moru.Protocol;

/// <summary>Body of <c>PUT /sandboxes/{id}/network</c>: the rules that are to hold from now on, in place of those before.</summary>
public sealed record SandboxEgress
{
    /// <summary>IP addresses, CIDR ranges and domains that may be reached whatever <see cref="DenyOut"/> says; default none.</summary>
    [JsonPropertyName("allowOut")]
    public IReadOnlyList<string>? AllowOut { get; init; }

    /// <summary>IP addresses and CIDR ranges that may not be reached; default none.</summary>
    [JsonPropertyName("denyOut")]
    public IReadOnlyList<string>? DenyOut { get; init; }

    /// <summary>False: as if <see cref="DenyOut"/> were <c>0.0.0.0/0</c>; default true.</summary>
    [JsonPropertyName("allow_internet_access")]
    public bool? AllowInternetAccess { get; init; }
}

/// <summary>Answer of <c>GET /sandboxes/{id}/network</c>: the rules and what became of them.</summary>
public sealed record SandboxNetworkReport
{
    /// <summary>Whether the server filters what this sandbox sends; false: it reaches whatever the server's machine reaches, or nothing.</summary>
    [JsonPropertyName("enforced")]
    public required bool Enforced { get; init; }

    /// <summary>What may be reached whatever <see cref="DenyOut"/> says.</summary>
    [JsonPropertyName("allowOut")]
    public required IReadOnlyList<string> AllowOut { get; init; }

    /// <summary>What may not be reached.</summary>
    [JsonPropertyName("denyOut")]
    public required IReadOnlyList<string> DenyOut { get; init; }

    /// <summary>How many questions and connections by name were let through.</summary>
    [JsonPropertyName("allowed")]
    public required long Allowed { get; init; }

    /// <summary>How many were refused, packets of the last ten minutes included.</summary>
    [JsonPropertyName("refused")]
    public required long Refused { get; init; }

    /// <summary>The newest decisions, the last one first.</summary>
    [JsonPropertyName("decisions")]
    public required IReadOnlyList<NetworkDecision> Decisions { get; init; }
}

/// <summary>One decision about what a sandbox wanted to reach.</summary>
public sealed record NetworkDecision
{
    /// <summary>When it was last made.</summary>
    [JsonPropertyName("timestamp")]
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>Who made it: <c>resolver</c>, <c>nameProxy</c> or <c>packetFilter</c>.</summary>
    [JsonPropertyName("source")]
    public required string Source { get; init; }

    /// <summary>A name, or protocol, address and port.</summary>
    [JsonPropertyName("target")]
    public required string Target { get; init; }

    /// <summary>Whether it was let through.</summary>
    [JsonPropertyName("allowed")]
    public required bool Allowed { get; init; }

    /// <summary>Why.</summary>
    [JsonPropertyName("reason")]
    public required string Reason { get; init; }

    /// <summary>How many times it was made.</summary>
    [JsonPropertyName("count")]
    public required long Count { get; init; }
}

/// <summary>Answer of <c>GET /sandboxes/{id}/network/explain</c>.</summary>
public sealed record NetworkExplanation
{
    /// <summary>What was asked for.</summary>
    [JsonPropertyName("host")]
    public required string Host { get; init; }

    /// <summary>Whether the sandbox may reach it.</summary>
    [JsonPropertyName("allowed")]
    public required bool Allowed { get; init; }

    /// <summary>What decides.</summary>
    [JsonPropertyName("reason")]
    public required string Reason { get; init; }
}
