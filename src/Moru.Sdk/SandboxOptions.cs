using Moru.Protocol;

namespace Moru;

/// <summary>How to make a sandbox.</summary>
public sealed record SandboxOptions
{
    internal static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(300);

    /// <summary>How long the sandbox lives unless its timeout is set anew; whole seconds, default 300 s. The server states its maximum when it is exceeded.</summary>
    public TimeSpan Timeout { get; init; } = DefaultTimeout;

    /// <summary>Whether the sandbox is paused when its timeout is over, in place of being killed; default false.</summary>
    public bool AutoPause { get; init; }

    /// <summary>Labels of your own, for finding the sandbox again; default none.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>Environment of every command in the sandbox; default none.</summary>
    public IReadOnlyDictionary<string, string>? Envs { get; init; }

    /// <summary>Whether the sandbox may open connections to the internet; default true.</summary>
    public bool AllowInternetAccess { get; init; } = true;

    /// <summary>Whether the sandbox's agent demands a token that only this client gets; default true.</summary>
    public bool Secure { get; init; } = true;

    /// <summary>What traffic may enter and leave; default: what <see cref="AllowInternetAccess"/> says.</summary>
    public NetworkOptions? Network { get; init; }

    /// <summary>Volume to mount at <see cref="VolumeMountPath"/>; default none.</summary>
    public string? VolumeId { get; init; }

    /// <summary>Directory at which the volume is mounted; default: none, without a volume.</summary>
    public string? VolumeMountPath { get; init; }

    /// <summary>Control-plane credential for this sandbox; default: the client's.</summary>
    public string? ApiKey { get; init; }

    internal NewSandbox ToWire(string template) => new()
    {
        TemplateId = template,
        Timeout = MoruClient.Seconds(Timeout),
        AutoPause = AutoPause ? true : null,
        Secure = Secure,
        AllowInternetAccess = AllowInternetAccess,
        Network = Network?.ToWire(),
        Metadata = Metadata,
        EnvVars = Envs,
        VolumeId = VolumeId,
        VolumeMountPath = VolumeMountPath,
    };
}

/// <summary>What traffic may enter and leave a sandbox.</summary>
public sealed record NetworkOptions
{
    internal const string Everything = "0.0.0.0/0";

    /// <summary>
    /// IP addresses, CIDR ranges and domains (<c>api.example.com</c>, <c>*.example.com</c> for all below it, <c>*</c>) that may be reached;
    /// default none. Without <see cref="DenyOut"/> nothing else may be.
    /// </summary>
    public IReadOnlyList<string>? AllowOut { get; init; }

    /// <summary>IP addresses and CIDR ranges that may not be reached unless <see cref="AllowOut"/> has them; default none, and all with an <see cref="AllowOut"/>.</summary>
    public IReadOnlyList<string>? DenyOut { get; init; }

    /// <summary>Whether everybody may reach the sandbox's ports; default true. With false, requests need <see cref="Sandbox.TrafficAccessToken"/>.</summary>
    public bool AllowPublicTraffic { get; init; } = true;

    /// <summary>Host name that the sandbox's servers see in place of the real one, where <c>${PORT}</c> stands for the port; default: the real one.</summary>
    public string? MaskRequestHost { get; init; }

    /// <summary>A list of what is allowed means that nothing else is; on the wire that has to be said.</summary>
    internal static IReadOnlyList<string>? DeniedWith(IReadOnlyList<string>? allowOut, IReadOnlyList<string>? denyOut) =>
        denyOut is null && allowOut is { Count: > 0 } ? [Everything] : denyOut;

    internal NewSandboxNetwork ToWire() => new()
    {
        AllowOut = AllowOut,
        DenyOut = DeniedWith(AllowOut, DenyOut),
        AllowPublicTraffic = AllowPublicTraffic ? null : false,
        MaskRequestHost = MaskRequestHost,
    };
}
