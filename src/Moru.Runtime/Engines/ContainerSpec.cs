namespace Moru.Runtime;

/// <summary>What an engine needs to start the container of a sandbox. Whatever envd's init can still set is not here.</summary>
public sealed record ContainerSpec
{
    public required string SandboxId { get; init; }

    /// <summary>Which runtime the container belongs to.</summary>
    public required string OwnerId { get; init; }

    public required string TemplateId { get; init; }

    public required string Image { get; init; }

    /// <summary>The copy of envd to mount read-only.</summary>
    public required string EnvdPath { get; init; }

    public required SandboxLimits Limits { get; init; }

    public required bool AllowInternet { get; init; }

    /// <summary>The filtered network to join; null: one of the engine's own, with or without a way out.</summary>
    public ContainerNetwork? Network { get; init; }

    public VolumeBind? Volume { get; init; }
}

/// <summary>A place on a network that was opened before.</summary>
/// <param name="Name">Name of the bridge.</param>
/// <param name="Subnet">Its addresses.</param>
/// <param name="Address">The container's.</param>
/// <param name="Resolver">The only DNS server, and the way out: the bridge's own address.</param>
public sealed record ContainerNetwork(string Name, string Subnet, string Address, string Resolver);

/// <summary>A network of this machine's kernel.</summary>
/// <param name="Subnet">Such as <c>198.18.4.0/22</c>.</param>
/// <param name="Gateway">The bridge's own address.</param>
public sealed record EngineNetwork(string Subnet, string Gateway);

/// <summary>A directory of this host that a container sees and may write.</summary>
/// <param name="HostPath">The directory; it exists.</param>
/// <param name="Target">Where in the container it is.</param>
public sealed record VolumeBind(string HostPath, string Target);

/// <summary>A container that runs.</summary>
/// <param name="Id">The engine's id.</param>
/// <param name="Address">Where it answers.</param>
/// <param name="NodeId">The machine it runs on, in the engine's words.</param>
/// <param name="DiskSizeMB">Of one that was just started: the disk that it is limited to, in MiB; 0: it is not.</param>
public sealed record EngineContainer(string Id, EngineAddress Address, string NodeId, int DiskSizeMB = 0)
{
    /// <summary>Of one that was just started or let go on: the environment that its image brings, without PATH, which the agent has from there.</summary>
    public IReadOnlyDictionary<string, string> ImageEnv { get; init; } = new Dictionary<string, string>();
}

/// <summary>Where a sandbox answers.</summary>
/// <param name="Host">Address or name.</param>
/// <param name="EnvdPort">Port of envd.</param>
/// <param name="OnlyEnvd">Whether no other port can be reached; else a user's port p is <c>Host:p</c>.</param>
public sealed record EngineAddress(string Host, int EnvdPort, bool OnlyEnvd = false);

/// <summary>A container of ours, as the engine lists it.</summary>
/// <param name="SandboxId">The sandbox it is labelled with.</param>
/// <param name="Container">The container when it runs or is frozen; null when it has ended or never started.</param>
/// <param name="IsFrozen">Whether it is frozen.</param>
public sealed record OwnedContainer(string SandboxId, EngineContainer? Container, bool IsFrozen = false);

/// <summary>An image that an engine has.</summary>
/// <param name="Id">The engine's id, which names the content.</param>
/// <param name="Env">The environment that it brings, without PATH.</param>
public sealed record EngineImage(string Id, IReadOnlyDictionary<string, string> Env);

/// <summary>News from an engine.</summary>
public abstract record EngineEvent
{
    private EngineEvent() { }

    /// <summary>Every exit from now on will be told; earlier ones may have been missed.</summary>
    public sealed record Connected : EngineEvent;

    /// <summary>The engine stopped answering; the watch goes on trying.</summary>
    public sealed record Disconnected : EngineEvent;

    /// <summary>A container ended.</summary>
    public sealed record Exited(string SandboxId, int ExitCode) : EngineEvent;
}
