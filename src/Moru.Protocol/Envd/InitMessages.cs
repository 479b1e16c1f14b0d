using System.Text.Json.Serialization;

namespace Moru.Protocol;

/// <summary>Body of envd's <c>POST /init</c>, sent by the server at start, at resume and when the deadline moved. Everything is optional.</summary>
public sealed record InitRequest
{
    /// <summary>Environment of every process.</summary>
    public IReadOnlyDictionary<string, string>? EnvVars { get; init; }

    /// <summary>Token to demand from now on. It can be set once; the same value again is accepted.</summary>
    public string? AccessToken { get; init; }

    /// <summary>When the request was made; an older request than the last one is ignored.</summary>
    public DateTimeOffset? Timestamp { get; init; }

    /// <summary>When the sandbox should end by the server's plan. envd ends it itself when nobody moved the deadline ten minutes later.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>User of processes and files when a call names none.</summary>
    public string? DefaultUser { get; init; }

    /// <summary>Working directory of processes when a call names none.</summary>
    public string? DefaultWorkdir { get; init; }

    /// <summary>IP address of the host's event service, known as <c>events.moru.local</c> in the sandbox.</summary>
    [JsonPropertyName("hyperloopIP")]
    public string? HyperloopIP { get; init; }
}
