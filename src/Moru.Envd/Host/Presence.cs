using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Moru.Envd;

/// <summary>
/// Tells the host that this address is in use again. When it belonged to another container a moment ago, the host may be asking in
/// vain for that one (ARP) and asks again only after a second; until then nobody can connect. A question of ours answers it.
/// </summary>
internal static class Presence
{
    private const int DiscardPort = 9;
    private const int DestinationColumn = 1, GatewayColumn = 2, MaskColumn = 7;

    /// <summary>Sends an empty datagram to the first address of each network at hand, which on a bridge is the host's.</summary>
    public static void Announce()
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            foreach (var network in Networks()) socket.SendTo([], new IPEndPoint(new IPAddress(network | FirstHost), DiscardPort));
        }
        catch (Exception exception) when (exception is SocketException or IOException or UnauthorizedAccessException)
        {
            // No network, no /proc: then nobody waits for us there either.
        }
    }

    // Addresses in /proc/net/route are written as the kernel holds them, in network order; IPAddress takes them the same way.
    private static uint FirstHost => (uint)IPAddress.HostToNetworkOrder(1);

    private static IEnumerable<uint> Networks() => File.ReadLines("/proc/net/route").Skip(1)
        .Select(line => line.Split('\t', StringSplitOptions.TrimEntries))
        .Where(columns => columns.Length > MaskColumn && Address(columns[GatewayColumn]) == 0 && Address(columns[MaskColumn]) != 0)
        .Select(columns => Address(columns[DestinationColumn]));

    private static uint Address(string text) =>
        uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var address) ? address : 0;
}
