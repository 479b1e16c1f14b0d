using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Moru.Runtime;

/// <summary>A range of IPv4 addresses, or a single one.</summary>
/// <param name="First">Its lowest address, the highest byte first.</param>
/// <param name="Prefix">How many leading bits all its addresses share.</param>
public readonly record struct AddressRange(uint First, int Prefix)
{
    public static AddressRange Everything { get; } = new(0, 0);

    public uint Last => First | ~Mask(Prefix);

    /// <summary>Reads <c>203.0.113.7</c> or <c>203.0.113.0/24</c> in decimal without leading zeros; bits beyond the prefix are cleared.</summary>
    public static bool TryParse(string text, out AddressRange range)
    {
        range = default;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var prefix = 32;
        if (slash >= 0 && (!IsPlainNumber(text.AsSpan(slash + 1), out prefix) || prefix > 32)) return false;
        if (!TryParseAddress(slash < 0 ? text : text[..slash], out var address)) return false;
        range = new AddressRange(address & Mask(prefix), prefix);
        return true;
    }

    /// <exception cref="FormatException">It is no range.</exception>
    public static AddressRange Parse(string text) => TryParse(text, out var range) ? range : throw new FormatException($"'{text}' is no IPv4 address or range.");

    public bool Contains(uint address) => (address & Mask(Prefix)) == First;

    public static uint ToNumber(IPAddress address) => address.AddressFamily is AddressFamily.InterNetwork
        ? (uint)IPAddress.NetworkToHostOrder(BitConverter.ToInt32(address.GetAddressBytes()))
        : throw new ArgumentException($"'{address}' is no IPv4 address.", nameof(address));

    public static IPAddress ToAddress(uint number) => new([(byte)(number >> 24), (byte)(number >> 16), (byte)(number >> 8), (byte)number]);

    public override string ToString() => Prefix == 32 ? ToAddress(First).ToString() : string.Create(CultureInfo.InvariantCulture, $"{ToAddress(First)}/{Prefix}");

    private static uint Mask(int prefix) => prefix == 0 ? 0 : uint.MaxValue << (32 - prefix);

    // Other spellings (octal, hexadecimal, fewer than four parts) mean different addresses to different programs.
    private static bool TryParseAddress(string text, out uint address)
    {
        address = 0;
        var parts = text.Split('.');
        if (parts.Length != 4) return false;
        foreach (var part in parts)
        {
            if (!IsPlainNumber(part, out var value) || value > byte.MaxValue) return false;
            address = (address << 8) | (uint)value;
        }

        return true;
    }

    private static bool IsPlainNumber(ReadOnlySpan<char> text, out int value)
    {
        value = 0;
        return text.Length is > 0 and <= 3 && (text.Length == 1 || text[0] != '0') && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }
}
