namespace Moru.Runtime;

/// <summary>What is kept of a secret: enough to recognise it, not to use it.</summary>
public sealed record Credential
{
    public required string Id { get; init; }

    public required CredentialKind Kind { get; init; }

    public required string TeamId { get; init; }

    public required string Name { get; init; }

    /// <summary>SHA-256 of the secret's bytes, in the form <c>$sha256$base64</c>.</summary>
    public required string Hash { get; init; }

    /// <summary>Number of hex digits behind the prefix.</summary>
    public required int Length { get; init; }

    /// <summary>The first two of them; empty for a key that an older version made.</summary>
    public required string Start { get; init; }

    /// <summary>The last four.</summary>
    public required string End { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Exact to a minute.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>The access token that this key was made with and ends with.</summary>
    public string? ParentId { get; init; }
}

public enum CredentialKind
{
    /// <summary><c>moru_…</c>: all that a team can do.</summary>
    ApiKey,

    /// <summary><c>sk_moru_…</c>: finds its team, and works on templates.</summary>
    AccessToken,
}
