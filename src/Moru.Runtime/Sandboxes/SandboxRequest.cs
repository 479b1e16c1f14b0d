namespace Moru.Runtime;

/// <summary>What a caller asks of a new sandbox.</summary>
public sealed record SandboxRequest
{
    /// <summary>Whom it will belong to; null: the first team.</summary>
    public string? TeamId { get; init; }

    /// <summary>Template id or alias.</summary>
    public required string TemplateId { get; init; }

    /// <summary>How long it may live; null: <see cref="RuntimeOptions.DefaultTimeout"/>.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Whether envd demands an access token.</summary>
    public bool Secure { get; init; }

    /// <summary>Pause it at its end in place of killing it.</summary>
    public bool AutoPause { get; init; }

    public bool AllowInternet { get; init; } = true;

    public NetworkRules Network { get; init; } = NetworkRules.None;

    /// <summary>Volume to mount at <see cref="VolumeMountPath"/>, which means nothing without it.</summary>
    public string? VolumeId { get; init; }

    public string? VolumeMountPath { get; init; }

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Environment of every process in the sandbox.</summary>
    public IReadOnlyDictionary<string, string> EnvVars { get; init; } = new Dictionary<string, string>();
}
