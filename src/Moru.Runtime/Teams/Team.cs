namespace Moru.Runtime;

/// <summary>Who sandboxes, keys and limits belong to.</summary>
public sealed record Team
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Its credentials are refused; its sandboxes live on until their end.</summary>
    public bool IsBlocked { get; init; }
}
