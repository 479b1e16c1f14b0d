using System.Buffers.Binary;
using System.Text;

namespace Moru.Runtime;

/// <summary>What the first message of a TLS client tells in the clear (RFC 8446, RFC 6066).</summary>
internal static class TlsHello
{
    /// <summary>First byte of a TLS connection.</summary>
    public const byte HandshakeRecord = 22;

    private const byte ClientHello = 1;
    private const int RecordHeader = 5;
    private const int MostInRecord = 1 << 14;
    private const ushort ServerName = 0;
    private const byte HostNameType = 0;

    /// <summary>Reads the name of the server.</summary>
    /// <param name="bytes">All that came so far.</param>
    /// <param name="name">As the client wrote it; null when it named none, or in a way that leaves doubt.</param>
    /// <returns>False while more bytes must come.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out string? name)
    {
        name = null;
        var message = new List<byte>();
        while (true)
        {
            if (bytes.Length < RecordHeader) return false;
            var length = BinaryPrimitives.ReadUInt16BigEndian(bytes[3..]);
            if (bytes[0] != HandshakeRecord || bytes[1] != 3 || length is 0 or > MostInRecord) return true;
            if (bytes.Length < RecordHeader + length) return false;
            message.AddRange(bytes.Slice(RecordHeader, length));
            bytes = bytes[(RecordHeader + length)..];
            if (message.Count < 4) continue;
            if (message[0] != ClientHello) return true;
            var whole = 4 + (message[1] << 16 | message[2] << 8 | message[3]);
            if (message.Count < whole) continue;
            // Another message in the same record would be one that we have not read.
            if (message.Count == whole) name = NameIn(message.ToArray().AsSpan(4));
            return true;
        }
    }

    private static string? NameIn(ReadOnlySpan<byte> hello)
    {
        // Version and random, then three lists, then the extensions.
        if (hello.Length < 34) return null;
        hello = hello[34..];
        if (!TryTake(ref hello, 1, out _) || !TryTake(ref hello, 2, out _) || !TryTake(ref hello, 1, out _)) return null;
        if (!TryTake(ref hello, 2, out var extensions) || hello.Length > 0) return null;
        string? name = null;
        while (extensions.Length > 0)
        {
            if (extensions.Length < 2) return null;
            var type = BinaryPrimitives.ReadUInt16BigEndian(extensions);
            extensions = extensions[2..];
            if (!TryTake(ref extensions, 2, out var content)) return null;
            if (type != ServerName) continue;
            if (name is not null || !TryReadName(content, out name)) return null;
        }

        return name;
    }

    /// <summary>A list that holds exactly one host name.</summary>
    private static bool TryReadName(ReadOnlySpan<byte> content, out string? name)
    {
        name = null;
        if (!TryTake(ref content, 2, out var list) || content.Length > 0 || list.Length < 1 || list[0] != HostNameType) return false;
        list = list[1..];
        if (!TryTake(ref list, 2, out var bytes) || list.Length > 0) return false;
        name = Encoding.Latin1.GetString(bytes);
        return true;
    }

    /// <summary>Takes what follows its own length.</summary>
    private static bool TryTake(ref ReadOnlySpan<byte> bytes, int lengthBytes, out ReadOnlySpan<byte> taken)
    {
        taken = default;
        if (bytes.Length < lengthBytes) return false;
        var length = lengthBytes == 1 ? bytes[0] : BinaryPrimitives.ReadUInt16BigEndian(bytes);
        if (bytes.Length < lengthBytes + length) return false;
        taken = bytes.Slice(lengthBytes, length);
        bytes = bytes[(lengthBytes + length)..];
        return true;
    }
}
