namespace Moru.Runtime;

/// <summary>Whether this process may and can change this machine's network.</summary>
internal static class NetworkRight
{
    // Numbers of capabilities: for interfaces and the filter, and to enter a sandbox's network namespace.
    private const int NetAdmin = 12;
    private const int SysAdmin = 21;

    private static readonly (string Tool, string Package)[] Needed = [("nft", "nftables"), ("ip", "iproute2"), ("nsenter", "util-linux")];

    /// <returns>Why it cannot; null: it can, as far as can be told without trying.</returns>
    public static string? Obstacle()
    {
        if (!OperatingSystem.IsLinux()) return "only Linux can filter the packets of sandboxes";
        foreach (var (tool, package) in Needed)
            if (SystemTool.Find(tool) is null) return $"{tool} is not installed (on Debian and Ubuntu: apt-get install {package})";

        return Has(NetAdmin) && Has(SysAdmin) ? null : "the server may not administer the network; run it as root";
    }

    private static bool Has(int capability)
    {
        const string Line = "CapEff:";
        var effective = File.ReadLines("/proc/self/status").First(line => line.StartsWith(Line, StringComparison.Ordinal));
        return (Convert.ToUInt64(effective[Line.Length..].Trim(), 16) >> capability & 1) == 1;
    }
}
