using System.Globalization;
using System.Text;

namespace Moru.Runtime;

/// <summary>The head of an HTTP/1 request (RFC 9112), read strictly: what two programs could understand differently is refused.</summary>
/// <param name="Method">Such as <c>GET</c>.</param>
/// <param name="Host">The only value of Host.</param>
/// <param name="Authority">Of a CONNECT or of a target with a scheme; else null.</param>
/// <param name="BodyLength">Bytes of the body; null: it comes in chunks.</param>
/// <param name="Text">The head to send on: the same without offers to leave HTTP/1.</param>
internal sealed record HttpHead(string Method, string Host, string? Authority, long? BodyLength, byte[] Text)
{
    /// <summary>Longest head.</summary>
    public const int Most = 32 << 10;

    private const string LineEnd = "\r\n";

    public bool IsConnect => Method == "CONNECT";

    /// <summary>Where the head ends; negative while it does not.</summary>
    public static int EndOf(ReadOnlySpan<byte> bytes) => bytes.IndexOf("\r\n\r\n"u8) is >= 0 and var end ? end + 4 : -1;

    /// <param name="bytes">A head with the empty line at its end.</param>
    /// <param name="head">What it says.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out HttpHead head)
    {
        head = null!;
        // Latin-1 keeps every byte as it is.
        var lines = Encoding.Latin1.GetString(bytes[..^4]).Split(LineEnd);
        if (lines.Any(line => line.AsSpan().ContainsAny('\r', '\n', '\0'))) return false;
        if (!TryReadRequestLine(lines[0], out var method, out var authority)) return false;

        string? host = null, length = null, coding = null;
        var text = new StringBuilder(lines[0]).Append(LineEnd);
        foreach (var line in lines.AsSpan(1))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            // No name, a space around it, or a line that goes on from the last one.
            if (colon <= 0 || !line[..colon].All(IsToken)) return false;
            var value = line[(colon + 1)..].Trim(' ', '\t');
            switch (line[..colon].ToLowerInvariant())
            {
                case "host" when host is null: host = value; break;
                case "content-length" when length is null: length = value; break;
                case "transfer-encoding" when coding is null: coding = value; break;
                case "host" or "content-length" or "transfer-encoding": return false;
                case "upgrade" or "http2-settings": continue;
                default: break;
            }

            text.Append(line).Append(LineEnd);
        }

        if (host is null || (coding is not null && (length is not null || !coding.Equals("chunked", StringComparison.OrdinalIgnoreCase)))) return false;
        var size = 0L;
        if (length is not null && (length.Length > 18 || !long.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out size))) return false;
        head = new HttpHead(method, host, authority, coding is null ? size : null, Encoding.Latin1.GetBytes(text.Append(LineEnd).ToString()));
        return !head.IsConnect || head.BodyLength == 0;
    }

    private static bool TryReadRequestLine(string line, out string method, out string? authority)
    {
        (method, authority) = ("", null);
        if (line.Split(' ') is not [{ Length: > 0 } verb, { Length: > 0 } target, "HTTP/1.1" or "HTTP/1.0"] || !verb.All(IsToken)) return false;
        method = verb;
        if (verb == "CONNECT")
        {
            authority = target;
            return true;
        }

        if (target[0] == '/' || target == "*") return true;
        const string Scheme = "http://";
        if (!target.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return false;
        var rest = target[Scheme.Length..];
        var end = rest.AsSpan().IndexOfAny('/', '?', '#');
        authority = end < 0 ? rest : rest[..end];
        return true;
    }

    private static bool IsToken(char letter) => char.IsAsciiLetterOrDigit(letter) || "!#$%&'*+-.^_`|~".Contains(letter, StringComparison.Ordinal);
}
