using System.Globalization;
using System.Text;

namespace Moru.Runtime;

/// <summary>The one spelling in which names of hosts are compared. Whatever another program might read differently is no name.</summary>
internal static class HostName
{
    private const int Longest = 253;
    private const int LongestLabel = 63;

    /// <param name="text">As a client wrote it.</param>
    /// <param name="name">In lower case, without a dot at its end.</param>
    public static bool TryParse(string text, out string name)
    {
        name = text.EndsWith('.') ? text[..^1] : text;
        // Some letters beyond ASCII have one of it for their small letter.
        if (name.Length is 0 or > Longest || !Ascii.IsValid(name)) return false;
        name = name.ToLowerInvariant();
        var labels = name.Split('.');
        // What ends in a number is an address in one of its many spellings.
        return Array.TrueForAll(labels, IsLabel) && !IsNumber(labels[^1]);
    }

    /// <summary>Reads <c>name</c> or <c>name:port</c>.</summary>
    public static bool TryParseAuthority(string text, out string name, out int? port)
    {
        (name, port) = ("", null);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0) return TryParse(text, out name);
        var digits = text[(colon + 1)..];
        if (digits.Length is 0 or > 5 || !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is 0 or > ushort.MaxValue) return false;
        port = number;
        return TryParse(text[..colon], out name);
    }

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= LongestLabel && label[0] != '-' && label[^1] != '-'
        && label.All(letter => letter is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-' or '_');

    private static bool IsNumber(string label) => label.All(char.IsAsciiDigit) || label.StartsWith("0x", StringComparison.Ordinal) && label[2..].All(char.IsAsciiHexDigit);
}
