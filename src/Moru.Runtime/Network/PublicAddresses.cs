using System.Globalization;
using System.Net;

namespace Moru.Runtime;

/// <summary>Which addresses are public, hence what a sandbox may reach unless its own rules forbid it.</summary>
/// <param name="opened">Further ranges that the operator lets sandboxes reach, by the names that he gave them.</param>
/// <param name="gateways">This machine's own gateways to everywhere else.</param>
internal sealed class PublicAddresses(IReadOnlyDictionary<string, AddressRange> opened, IReadOnlyList<AddressRange> gateways)
{
    private const string Routes = "/proc/net/route";

    // From IANA's registry of special-purpose addresses. The ranges for documentation are not here: nothing is there that could be
    // attacked, and tests need addresses that are nobody's.
    private static readonly (string Range, string What)[] Special =
    [
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "a private network"),
        ("100.64.0.0/10", "a carrier's network"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local, such as a cloud's metadata service"),
        ("172.16.0.0/12", "a private network"),
        ("192.0.0.0/24", "a protocol's own range"),
        ("192.88.99.0/24", "a retired relay"),
        ("192.168.0.0/16", "a private network"),
        ("198.18.0.0/15", "sandboxes"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved or broadcast"),
        // Azure's metadata service and DNS have a public address.
        ("168.63.129.16/32", "a cloud's metadata service"),
    ];

    private static readonly (AddressRange Range, string What)[] Parsed = [.. Special.Select(entry => (AddressRange.Parse(entry.Range), entry.What))];

    /// <summary>Ranges that are not public, before anything is opened.</summary>
    public IEnumerable<AddressRange> Closed => Parsed.Select(entry => entry.Range).Concat(gateways);

    public IEnumerable<AddressRange> Opened => opened.Values;

    public static PublicAddresses OfThisMachine(IReadOnlyDictionary<string, AddressRange> opened) => new(opened, [.. Gateways()]);

    public bool IsPublic(uint address) => WhyNot(address) is null;

    /// <returns>What the address belongs to; null: it is public.</returns>
    public string? WhyNot(uint address)
    {
        if (NameOf(address) is not null) return null;
        if (gateways.Any(gateway => gateway.Contains(address))) return "the gateway of the server's machine";
        return Parsed.FirstOrDefault(entry => entry.Range.Contains(address)).What;
    }

    /// <returns>Under which name the operator opened the address; null: he did not.</returns>
    public string? NameOf(uint address) => opened.FirstOrDefault(entry => entry.Value.Contains(address)).Key;

    /// <summary>Routers that this machine sends through to everywhere.</summary>
    private static IEnumerable<AddressRange> Gateways()
    {
        if (!File.Exists(Routes)) return [];
        return File.ReadLines(Routes).Skip(1).Select(line => line.Split('\t'))
            .Select(fields => fields.Length > 2 && fields[1] == "00000000" && uint.TryParse(fields[2], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var raw) ? raw : 0)
            .Where(raw => raw != 0).Distinct()
            // The kernel writes the number as it lies in memory.
            .Select(raw => new AddressRange(AddressRange.ToNumber(new IPAddress(raw)), 32));
    }
}
