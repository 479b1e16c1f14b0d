using System.Text.Json.Serialization;

namespace Moru.Protocol;

/// <summary>Body of the calls that make or rename a team, a key or a token.</summary>
/// <param name="Name">What people call it: 1 to 100 characters.</param>
public sealed record NameBody([property: JsonRequired] string Name);

/// <summary>What may be shown of a secret.</summary>
public sealed record SecretMask
{
    /// <summary>What every secret of the kind begins with.</summary>
    public required string Prefix { get; init; }

    /// <summary>Characters behind the prefix.</summary>
    public required int ValueLength { get; init; }

    /// <summary>The first two of them; empty when they were not kept.</summary>
    public required string MaskedValuePrefix { get; init; }

    /// <summary>The last four; empty when they were not kept.</summary>
    public required string MaskedValueSuffix { get; init; }
}

/// <summary>One API key as <c>GET /api-keys</c> lists it.</summary>
public record TeamApiKey
{
    /// <summary>Identifier, which is no secret.</summary>
    public required string Id { get; init; }

    /// <summary>What people call it.</summary>
    public required string Name { get; init; }

    /// <summary>What may be shown of it.</summary>
    public required SecretMask Mask { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last used, exact to a minute; null: never.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public DateTimeOffset? LastUsed { get; init; }
}

/// <summary>Answer to <c>POST /api-keys</c>.</summary>
public sealed record CreatedTeamApiKey : TeamApiKey
{
    /// <summary>The key, shown this once.</summary>
    public required string Key { get; init; }
}

/// <summary>One access token as <c>GET /access-tokens</c> lists it.</summary>
public record AccessToken
{
    /// <summary>Identifier, which is no secret.</summary>
    public required string Id { get; init; }

    /// <summary>What people call it.</summary>
    public required string Name { get; init; }

    /// <summary>What may be shown of it.</summary>
    public required SecretMask Mask { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Answer to <c>POST /access-tokens</c>.</summary>
public sealed record CreatedAccessToken : AccessToken
{
    /// <summary>The token, shown this once.</summary>
    public required string Token { get; init; }
}
