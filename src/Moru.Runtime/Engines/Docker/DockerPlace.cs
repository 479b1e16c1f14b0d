using Docker.DotNet.Models;

namespace Moru.Runtime;

/// <summary>Where the engine runs, seen from here. Containers can be addressed only on the kernel and in the network that this process shares.</summary>
internal static class DockerPlace
{
    private const string KernelRelease = "/proc/sys/kernel/osrelease";

    /// <summary>Whether the kernel has IPv6: asking for it where it has none keeps containers from starting.</summary>
    public static bool HasIPv6 => !OperatingSystem.IsLinux() || Directory.Exists("/proc/sys/net/ipv6");

    /// <summary>Whether the engine runs in a virtual machine of its own, or without root and so in a network of its own.</summary>
    public static bool IsApart(SystemInfoResponse engine) =>
        !OperatingSystem.IsLinux()
        || IsApart(engine, File.ReadAllText(KernelRelease).Trim());

    /// <summary>
    /// Whether the engine may limit what a container writes. Its overlays can on xfs alone, and there it says only when asked whether
    /// quotas are on; images that containerd keeps have no limit, whatever is asked.
    /// </summary>
    public static bool LimitsDisks(SystemInfoResponse engine) => engine.Driver switch
    {
        "overlay2" => Says(engine, "xfs"),
        "btrfs" or "zfs" => !Says(engine, "io.containerd.snapshotter.v1"),
        _ => false,
    };

    private static bool Says(SystemInfoResponse engine, string value) => engine.DriverStatus?.Any(pair => pair.Contains(value)) == true;

    internal static bool IsApart(SystemInfoResponse engine, string kernel) =>
        engine.OperatingSystem == "Docker Desktop"
        || engine.KernelVersion != kernel
        || engine.SecurityOptions?.Any(option => option.Contains("name=rootless", StringComparison.Ordinal)) == true;
}
