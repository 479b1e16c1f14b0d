using Docker.DotNet.Models;

namespace Moru.Runtime;

/// <summary>What a container of ours is in Docker's words. Pure, so that review sees every setting in one place.</summary>
internal static class DockerSpec
{
    public const string OwnerLabel = "moru";
    public const string SandboxLabel = "moru.sandbox";
    public const string AgentPath = "/opt/moru/envd";

    private const long MiB = 1 << 20;
    private const int HostnameLength = 8;
    private const long CpuPeriodMicroseconds = 100_000;

    // Of Docker's fourteen, those without which something that people do in a sandbox fails. Not NET_RAW (forged packets), MKNOD
    // (devices), SETPCAP; not NET_BIND_SERVICE, since Docker opens low ports to everyone; not SETFCAP, since ping is then installed
    // with a capability that nobody may have here, instead of in its other form, which works; not AUDIT_WRITE, which sudo does without.
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

    public static CreateContainerParameters Create(ContainerSpec spec, string networkId) => new()
    {
        Name = ContainerName(spec.SandboxId),
        Image = spec.Image,
        Hostname = spec.SandboxId[..HostnameLength],
        User = "0:0",
        WorkingDir = "/",
        Entrypoint = [AgentPath],
        Cmd = [],
        // An image's own check would start a process in the sandbox every few seconds.
        Healthcheck = new HealthcheckConfig { Test = ["NONE"] },
        Labels = new Dictionary<string, string> { [OwnerLabel] = spec.OwnerId, [SandboxLabel] = spec.SandboxId },
        HostConfig = Host(spec, networkId),
    };

    private static HostConfig Host(ContainerSpec spec, string networkId) => new()
    {
        Mounts = [new Mount { Type = "bind", Source = spec.EnvdPath, Target = AgentPath, ReadOnly = true }],
        NetworkMode = networkId,
        // The resolver of an internal network would still carry questions out; this one leads nowhere.
        DNS = spec.AllowInternet ? [] : ["127.0.0.1"],
        DNSOptions = spec.AllowInternet ? [] : ["timeout:1", "attempts:1"],
        Memory = spec.Limits.MemoryMB * MiB,
        MemorySwap = spec.Limits.MemoryMB * MiB,
        // A quota instead of NanoCPUs, which Docker refuses on a machine with fewer CPUs than the template has.
        CPUPeriod = CpuPeriodMicroseconds,
        CPUQuota = spec.Limits.CpuCount * CpuPeriodMicroseconds,
        PidsLimit = spec.Limits.PidsLimit,
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
