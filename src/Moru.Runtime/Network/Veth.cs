using System.Diagnostics;
using System.Globalization;

namespace Moru.Runtime;

/// <summary>
/// The pairs of interfaces that join sandboxes to their bridge. They are ours and not the engine's, which would bring a resolver of its
/// own with them, and the filter knows a sandbox by them. The kernel removes a pair with the sandbox's network namespace.
/// </summary>
internal static class Veth
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);

    /// <summary>The end on this machine; an interface's name holds 15 characters.</summary>
    public static string NameOf(uint address) => string.Create(CultureInfo.InvariantCulture, $"moru{address:x8}");

    public static bool Exists(string name) => Directory.Exists("/sys/class/net/" + name);

    /// <summary>Gives a container, which has no network yet, its place on the bridge.</summary>
    /// <param name="network">The place.</param>
    /// <param name="containerId">The engine's id.</param>
    /// <param name="processId">The container's first process, as this machine counts.</param>
    /// <exception cref="RuntimeException"><see cref="RuntimeError.StartFailed"/>: the process is not to be seen, or the kernel refused.</exception>
    public static async Task AttachAsync(ContainerNetwork network, string containerId, long processId)
    {
        if (!Owns(containerId, processId))
            throw new RuntimeException(RuntimeError.StartFailed, "The engine's processes are not to be seen by the server, so it cannot connect sandboxes. Run it in the engine's process namespace (docker run --pid host).");

        var (subnet, address) = (AddressRange.Parse(network.Subnet), AddressRange.Parse(network.Address).First);
        var name = NameOf(address);
        await PlugAsync(network.Name, address, processId);
        await RunAsync("nsenter", [$"--net=/proc/{processId}/ns/net", "ip", "-batch", "-"], $"""
            address add {network.Address}/{subnet.Prefix} broadcast {AddressRange.ToAddress(subnet.Last)} dev eth0
            link set eth0 up
            route add default via {network.Resolver}

            """);
        await ForwardsAsync(name);
    }

    /// <summary>Puts sandboxes back on a bridge that was made again.</summary>
    public static Task RejoinAsync(string bridge, IEnumerable<uint> addresses) => RunAsync(
        "ip", ["-force", "-batch", "-"], string.Concat(addresses.Where(address => Exists(NameOf(address))).Select(address => Join(bridge, address) + "\n")));

    /// <summary>Waits for the bridge when somebody has just removed it: it is made again within seconds.</summary>
    private static async Task PlugAsync(string bridge, uint address, long processId)
    {
        var name = NameOf(address);
        var begun = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                // The kernel takes a moment to remove the pair of a sandbox that has just ended.
                await RunAsync("ip", ["-batch", "-"], $"""
                    {(Exists(name) ? $"link delete {name}" : "")}
                    link add {name} type veth peer name eth0 address {FirewallSandbox.MacOf(address)} netns {processId}
                    {Join(bridge, address)}

                    """);
                return;
            }
            catch (RuntimeException) when (!Exists(bridge) && Stopwatch.GetElapsedTime(begun) < Bound)
            {
                while (!Exists(bridge) && Stopwatch.GetElapsedTime(begun) < Bound) await Task.Delay(50);
            }
        }
    }

    // Isolated: the kernel carries nothing from one such interface to another, whatever the filter says.
    private static string Join(string bridge, uint address) => $"""
        link set {NameOf(address)} master {bridge} up
        link set {NameOf(address)} type bridge_slave isolated on
        """;

    /// <summary>A bridge drops what it gets from an interface until the kernel has noticed, in its own time, that both ends are up.</summary>
    private static async Task ForwardsAsync(string name)
    {
        for (var begun = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begun) < Bound; await Task.Delay(1))
            if (TryRead($"/sys/class/net/{name}/brport/state").StartsWith('3')) return;

        throw new RuntimeException(RuntimeError.StartFailed, $"The bridge does not forward what comes from interface {name}; did somebody remove it?");
    }

    // The container may have ended, and its process's number may be somebody else's.
    private static bool Owns(string containerId, long processId) =>
        processId > 0 && TryRead(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/cgroup")).Contains(containerId, StringComparison.Ordinal);

    private static string TryRead(string kernelFile)
    {
        try
        {
            return File.ReadAllText(kernelFile);
        }
        catch (IOException)
        {
            return ""; // what it is about is gone
        }
    }

    private static async Task RunAsync(string tool, IEnumerable<string> arguments, string input)
    {
        try
        {
            await SystemTool.RunAsync(Bound, tool, arguments, input);
        }
        catch (SystemToolException failure)
        {
            throw new RuntimeException(RuntimeError.StartFailed, $"The sandbox could not be connected to its network: {failure.Message}.", failure);
        }
    }
}
