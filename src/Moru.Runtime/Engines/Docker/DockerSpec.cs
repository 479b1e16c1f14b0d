using System.Globalization;
using Docker.DotNet.Models;
using Moru.Protocol;

namespace Moru.Runtime;

/// <summary>What a container's settings owe to the engine and its machine.</summary>
/// <param name="NetworkId">The network to join.</param>
/// <param name="PublishesEnvd">Whether envd is reached through a port of this machine.</param>
/// <param name="HasIPv6">Whether the kernel has IPv6, which localhost in a container then gets too.</param>
/// <param name="LimitsDisks">Whether the engine can limit what a container writes to its disk.</param>
internal sealed record DockerSite(string NetworkId, bool PublishesEnvd, bool HasIPv6, bool LimitsDisks);

/// <summary>What a container of ours is in Docker's words. Pure, so that review sees every setting in one place.</summary>
internal static class DockerSpec
{
    public const string OwnerLabel = "moru";
    public const string SandboxLabel = "moru.sandbox";
    public const string AddressLabel = "moru.address";
    public const string AgentPath = "/opt/moru/envd";

    /// <summary>The network mode of containers that are connected by us.</summary>
    public const string NoNetwork = "none";

    /// <summary>Where published ports are; nobody else's machine reaches them.</summary>
    public const string PublishedHost = "127.0.0.1";

    public static readonly string EnvdPort = string.Create(CultureInfo.InvariantCulture, $"{Ports.Envd}/tcp");

    private const long MiB = 1 << 20;
    private const int HostnameLength = 8;
    private const long CpuPeriodMicroseconds = 100_000;

    // Of Docker's fourteen, those without which something that people do in a sandbox fails. Not NET_RAW (forged packets), MKNOD
    // (devices), SETPCAP; not NET_BIND_SERVICE, since Docker opens low ports to everyone; not SETFCAP, since ping is then installed
    // with a capability that nobody may have here, instead of in its other form, which works; not AUDIT_WRITE, since the audit log is the
    // host's: the images tell sudo not to write there.
    private static readonly string[] Capabilities =
    [
        "CHOWN",        // apt-get's own logs; envd giving a file to its user
        "DAC_OVERRIDE", // apt-get update writes into a directory of another user
        "FOWNER",       // apt-get and dpkg change the mode of others' files
        "FSETID",       // dpkg keeps set-group-id bits
        "KILL",         // envd ends processes of every user
        "SETGID",       // envd, sudo and apt's downloader change user
        "SETUID",
        "SYS_CHROOT",   // sshd
    ];

    public static string ContainerName(string sandboxId) => "moru-" + sandboxId;

    public static CreateContainerParameters Create(ContainerSpec spec, DockerSite site) => new()
    {
        Name = ContainerName(spec.SandboxId),
        Image = spec.Image,
        Hostname = Hostname(spec),
        User = "0:0",
        WorkingDir = "/",
        Entrypoint = [AgentPath],
        Cmd = [],
        // envd takes no other signal, so that nobody in the sandbox can end it.
        StopSignal = "SIGKILL",
        ExposedPorts = site.PublishesEnvd ? new Dictionary<string, EmptyStruct> { [EnvdPort] = default } : [],
        // An image's own check would start a process in the sandbox every few seconds.
        Healthcheck = new HealthcheckConfig { Test = ["NONE"] },
        Labels = Labels(spec),
        HostConfig = Host(spec, site),
    };

    private static Dictionary<string, string> Labels(ContainerSpec spec)
    {
        var labels = new Dictionary<string, string> { [OwnerLabel] = spec.OwnerId, [SandboxLabel] = spec.SandboxId };
        if (spec.Network is { } network) labels[AddressLabel] = network.Address;
        return labels;
    }

    private static string Hostname(ContainerSpec spec) => spec.SandboxId[..HostnameLength];

    // Docker writes one for its own networks alone, and sudo looks it up.
    private static List<string>? Names(ContainerSpec spec) => spec.Network is { } network ? [$"{Hostname(spec)}:{network.Address}"] : null;

    private static HostConfig Host(ContainerSpec spec, DockerSite site) => new()
    {
        Mounts =
        [
            new Mount { Type = "bind", Source = spec.EnvdPath, Target = AgentPath, ReadOnly = true },
            .. spec.Volume is { } volume ? [new Mount { Type = "bind", Source = volume.HostPath, Target = volume.Target }] : Array.Empty<Mount>(),
        ],
        NetworkMode = site.NetworkId,
        PortBindings = site.PublishesEnvd ? new Dictionary<string, IList<PortBinding>> { [EnvdPort] = [new PortBinding { HostIP = PublishedHost }] } : [],
        // Docker takes localhost's IPv6 address from containers of a network that has none.
        Sysctls = site.HasIPv6 ? new Dictionary<string, string> { ["net.ipv6.conf.lo.disable_ipv6"] = "0" } : [],
        // The resolver of an internal network would still carry questions out; this one leads nowhere.
        DNS = spec.Network is { } network ? [network.Resolver] : spec.AllowInternet ? [] : ["127.0.0.1"],
        ExtraHosts = Names(spec)!,
        DNSOptions = spec.AllowInternet ? [] : ["timeout:1", "attempts:1"],
        Memory = spec.Limits.MemoryMB * MiB,
        MemorySwap = spec.Limits.MemoryMB * MiB,
        // A quota instead of NanoCPUs, which Docker refuses on a machine with fewer CPUs than the template has.
        CPUPeriod = CpuPeriodMicroseconds,
        CPUQuota = spec.Limits.CpuCount * CpuPeriodMicroseconds,
        PidsLimit = spec.Limits.PidsLimit,
        StorageOpt = site.LimitsDisks && spec.Limits.DiskSizeMB > 0 ? new Dictionary<string, string> { ["size"] = $"{spec.Limits.DiskSizeMB}M" } : null,
        Ulimits =
        [
            // No more than an engine started from a plain shell can give: raising a limit needs a right that it may lack.
            new Ulimit { Name = "nofile", Soft = 16_384, Hard = 16_384 },
            new Ulimit { Name = "core", Soft = 0, Hard = 0 },
        ],
        ShmSize = 64 * MiB,
        CapDrop = ["ALL"],
        CapAdd = [.. Capabilities],
        Privileged = false,
        CgroupnsMode = "private",
        IpcMode = "private",
        LogConfig = new LogConfig { Type = "none" },
        RestartPolicy = new RestartPolicy { Name = RestartPolicyKind.No },
    };
}
