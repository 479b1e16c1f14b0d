using Moru.Protocol;

namespace Moru;

/// <summary>How to make a sandbox.</summary>
public sealed record SandboxOptions
{
    internal static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(300);

    /// <summary>How long the sandbox lives unless its timeout is set anew; whole seconds, default 300 s. The server states its maximum when it is exceeded.</summary>
    public TimeSpan Timeout { get; init; } = DefaultTimeout;

    /// <summary>Labels of your own, for finding the sandbox again; default none.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>Environment of every command in the sandbox; default none.</summary>
    public IReadOnlyDictionary<string, string>? Envs { get; init; }

    /// <summary>Whether the sandbox may open connections to the internet; default true.</summary>
    public bool AllowInternetAccess { get; init; } = true;

    /// <summary>Whether the sandbox's agent demands a token that only this client gets; default true.</summary>
    public bool Secure { get; init; } = true;

    internal NewSandbox ToWire(string template) => new()
    {
        TemplateId = template,
        Timeout = MoruClient.Seconds(Timeout),
        Secure = Secure,
        AllowInternetAccess = AllowInternetAccess,
        Metadata = Metadata,
        EnvVars = Envs,
    };
}
