namespace Moru;

/// <summary>Settings of single requests, in place of those of the client: see <see cref="MoruClient.With"/> and <see cref="Sandbox.With"/>.</summary>
public sealed record RequestOptions
{
    /// <summary>How long one request may take; null: as the client's.</summary>
    public TimeSpan? RequestTimeout { get; init; }

    /// <summary>Headers to send besides the client's, or in place of those of the same name; null: none.</summary>
    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    /// <summary>Control-plane credential; null: the client's.</summary>
    public string? ApiKey { get; init; }
}
