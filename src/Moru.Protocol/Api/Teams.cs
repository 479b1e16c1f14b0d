using System.Text.Json.Serialization;

namespace Moru.Protocol;

/// <summary>One team as <c>GET /teams</c> lists it.</summary>
public sealed record TeamWithKey
{
    /// <summary>Identifier of the team.</summary>
    [JsonPropertyName("teamID")]
    public required string TeamId { get; init; }

    /// <summary>What people call it.</summary>
    public required string Name { get; init; }

    /// <summary>A key of the team: the caller's own, or the one that goes with the caller's access token.</summary>
    public required string ApiKey { get; init; }

    /// <summary>Whether calls with the caller's credential that name no team mean this one.</summary>
    public required bool IsDefault { get; init; }
}

/// <summary>One team as <c>GET /admin/teams</c> lists it.</summary>
public record AdminTeam
{
    /// <summary>Identifier of the team.</summary>
    [JsonPropertyName("teamID")]
    public required string TeamId { get; init; }

    /// <summary>What people call it.</summary>
    public required string Name { get; init; }

    /// <summary>Whether it was made with the server.</summary>
    public required bool IsDefault { get; init; }

    /// <summary>Whether its credentials are refused.</summary>
    public required bool IsBlocked { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Answer to <c>POST /admin/teams</c>.</summary>
public sealed record CreatedTeam : AdminTeam
{
    /// <summary>Its first key, shown this once.</summary>
    public required string ApiKey { get; init; }
}

/// <summary>Body of <c>PATCH /admin/teams/{teamID}</c>; what is absent stays.</summary>
public sealed record TeamChange
{
    /// <summary>The new name.</summary>
    [JsonConverter(typeof(NotNull<string>))]
    public string? Name { get; init; }

    /// <summary>Whether its credentials are refused from now on.</summary>
    [JsonConverter(typeof(NotNull<bool?>))]
    public bool? IsBlocked { get; init; }
}

/// <summary>Answer to <c>POST /admin/teams/{teamID}/sandboxes/kill</c>.</summary>
/// <param name="KilledCount">Sandboxes that were killed.</param>
/// <param name="FailedCount">Sandboxes that could not be.</param>
public sealed record KilledSandboxes(int KilledCount, int FailedCount);

/// <summary>One point of <c>GET /teams/{teamID}/metrics</c>.</summary>
public sealed record TeamMetric
{
    /// <summary>When it was taken.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>The same in seconds since 1970.</summary>
    public required long TimestampUnix { get; init; }

    /// <summary>Sandboxes that started or ran.</summary>
    public required int ConcurrentSandboxes { get; init; }

    /// <summary>Sandboxes started per second.</summary>
    public required double SandboxStartRate { get; init; }
}

/// <summary>Answer to <c>GET /teams/{teamID}/metrics/max</c>.</summary>
public sealed record MaxTeamMetric
{
    /// <summary>When it was so; without any sample, the end of the time asked for.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>The same in seconds since 1970.</summary>
    public required long TimestampUnix { get; init; }

    /// <summary>The highest value; 0 without any sample.</summary>
    public required double Value { get; init; }
}
