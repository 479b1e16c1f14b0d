using System.Buffers.Binary;
using System.Text;

namespace Moru.Runtime;

/// <summary>A question of a sandbox, whose name is spelt in the one way that everything of ours compares.</summary>
/// <param name="Id">To be repeated in the answer.</param>
/// <param name="Name">In lower case, without a dot at its end.</param>
/// <param name="Type">What is asked for.</param>
/// <param name="Bytes">The question as it was put, to be repeated in the answer.</param>
/// <param name="LongestAnswer">How many bytes fit into an answer by UDP.</param>
internal sealed record DnsQuestion(ushort Id, string Name, ushort Type, byte[] Bytes, int LongestAnswer);

/// <summary>What a server answered to a question for addresses.</summary>
internal sealed record DnsAddresses(IReadOnlyList<uint> Addresses, uint LifeSeconds);

/// <summary>Reading and writing of DNS messages (RFC 1035), as much as a resolver in the middle needs. Whatever is odd is refused.</summary>
internal static class DnsMessage
{
    public const ushort A = 1;
    public const ushort Aaaa = 28;
    public const ushort Svcb = 64;
    public const ushort Https = 65;
    public const ushort Any = 255;
    public const int NoError = 0;
    public const int FormatError = 1;
    public const int ServerFailure = 2;
    public const int Refused = 5;

    private const int HeaderLength = 12;
    private const ushort Cname = 5;
    private const ushort Opt = 41;
    private const ushort Internet = 1;
    private const ushort Response = 0x8000;
    private const ushort Truncated = 0x0200;
    private const ushort RecursionDesired = 0x0100;
    private const ushort RecursionAvailable = 0x0080;
    private const int UdpBytes = 512;
    private const int OurUdpBytes = 1232;
    private const int MostJumps = 32;

    /// <returns>False for anything but one plain question of the Internet class with a name of letters, digits, hyphens and underscores.</returns>
    public static bool TryReadQuestion(ReadOnlySpan<byte> message, out DnsQuestion question)
    {
        question = null!;
        if (message.Length < HeaderLength) return false;
        var flags = Number(message, 2);
        if ((flags & ~RecursionDesired & 0xff8f) != 0) return false; // a response, another operation, or truncated
        if (Number(message, 4) != 1 || Number(message, 6) != 0 || Number(message, 8) != 0 || Number(message, 10) > 1) return false;
        var at = HeaderLength;
        if (!TryReadPlainName(message, ref at, out var name) || message.Length < at + 4) return false;
        if (Number(message, at + 2) != Internet) return false;
        var type = Number(message, at);
        var end = at + 4;
        var longest = UdpBytes;
        if (Number(message, 10) == 1)
        {
            // The one additional record there may be says how much the asker takes.
            if (message.Length < end + 11 || message[end] != 0 || Number(message, end + 1) != Opt) return false;
            longest = Math.Clamp((int)Number(message, end + 3), UdpBytes, 4096);
        }

        question = new DnsQuestion(Number(message, 0), name, type, message[HeaderLength..end].ToArray(), longest);
        return true;
    }

    /// <summary>Our own question to a server, of which nothing is the sandbox's but the name and the type.</summary>
    public static byte[] Ask(ushort id, string name, ushort type)
    {
        var message = new List<byte>(HeaderLength + name.Length + 17);
        Add(message, id, RecursionDesired, 1, 0, 0, 1);
        foreach (var label in name.Length == 0 ? [] : name.Split('.'))
        {
            message.Add((byte)label.Length);
            message.AddRange(Encoding.ASCII.GetBytes(label));
        }

        message.Add(0);
        Add(message, type, Internet);
        message.Add(0);
        Add(message, Opt, OurUdpBytes, 0, 0, 0);
        return [.. message];
    }

    /// <summary>Whether a message answers what we asked.</summary>
    public static bool Answers(ReadOnlySpan<byte> message, ushort id, string name, ushort type)
    {
        if (message.Length < HeaderLength || Number(message, 0) != id || (Number(message, 2) & Response) == 0 || Number(message, 4) != 1) return false;
        var at = HeaderLength;
        return TryReadPlainName(message, ref at, out var asked) && asked == name && message.Length >= at + 4 && Number(message, at) == type;
    }

    public static bool IsTruncated(ReadOnlySpan<byte> message) => (Number(message, 2) & Truncated) != 0;

    public static int CodeOf(ReadOnlySpan<byte> message) => Number(message, 2) & 0xf;

    /// <summary>The addresses in an answer that belong to the name, aliases followed.</summary>
    public static bool TryReadAddresses(ReadOnlySpan<byte> message, string name, out DnsAddresses answer)
    {
        answer = null!;
        var at = HeaderLength;
        if (!TryReadPlainName(message, ref at, out _)) return false;
        at += 4;
        Dictionary<string, string> aliases = new(StringComparer.Ordinal);
        List<(string Name, uint Address)> found = [];
        var life = 3600u;
        for (var left = Number(message, 6); left > 0; left--)
        {
            if (!TryReadName(message, ref at, out var owner) || message.Length < at + 10) return false;
            var (type, seconds, length) = (Number(message, at), BinaryPrimitives.ReadUInt32BigEndian(message[(at + 4)..]), Number(message, at + 8));
            at += 10;
            if (message.Length < at + length) return false;
            if (type == A && length == 4) found.Add((owner, BinaryPrimitives.ReadUInt32BigEndian(message[at..])));
            var inside = at;
            if (type == Cname && TryReadName(message, ref inside, out var target)) aliases.TryAdd(owner, target);
            if (type is A or Cname) life = Math.Min(life, seconds);
            at += length;
        }

        var canonical = name;
        for (var jumps = 0; jumps < MostJumps && aliases.TryGetValue(canonical, out var next); jumps++) canonical = next;
        answer = new DnsAddresses([.. found.Where(entry => entry.Name == canonical).Select(entry => entry.Address)], life);
        return true;
    }

    /// <summary>An answer without records.</summary>
    public static byte[] Empty(DnsQuestion question, int code) => Answer(question, code, new DnsAddresses([], 0));

    public static byte[] Answer(DnsQuestion question, int code, DnsAddresses answer)
    {
        var message = new List<byte>(64);
        Add(message, question.Id, (ushort)(Response | RecursionDesired | RecursionAvailable | code), 1, (ushort)answer.Addresses.Count, 0, 0);
        message.AddRange(question.Bytes);
        foreach (var address in answer.Addresses)
        {
            Add(message, 0xc000 | HeaderLength, A, Internet, (ushort)(answer.LifeSeconds >> 16), (ushort)answer.LifeSeconds, 4, (ushort)(address >> 16), (ushort)address);
        }

        return [.. message];
    }

    /// <summary>A server's answer with the sandbox's own id.</summary>
    public static byte[] PassOn(DnsQuestion question, byte[] message)
    {
        BinaryPrimitives.WriteUInt16BigEndian(message, question.Id);
        return message;
    }

    /// <summary>What asks again by TCP.</summary>
    public static byte[] TooLong(DnsQuestion question)
    {
        var message = Empty(question, NoError);
        message[2] |= Truncated >> 8;
        return message;
    }

    private static ushort Number(ReadOnlySpan<byte> message, int at) => BinaryPrimitives.ReadUInt16BigEndian(message[at..]);

    private static void Add(List<byte> message, params ReadOnlySpan<ushort> numbers)
    {
        foreach (var number in numbers)
        {
            message.Add((byte)(number >> 8));
            message.Add((byte)number);
        }
    }

    private static bool TryReadPlainName(ReadOnlySpan<byte> message, ref int at, out string name)
    {
        var begun = at;
        return TryReadName(message, ref at, out name) && at - begun == (name.Length == 0 ? 1 : name.Length + 2);
    }

    /// <summary>Reads a name, following pointers, which lead backwards only.</summary>
    private static bool TryReadName(ReadOnlySpan<byte> message, ref int at, out string name)
    {
        name = "";
        var text = new StringBuilder();
        var (position, end, jumps) = (at, -1, 0);
        while (true)
        {
            if (position >= message.Length) return false;
            int length = message[position];
            if (length == 0)
            {
                at = end >= 0 ? end : position + 1;
                name = text.ToString();
                return true;
            }

            if ((length & 0xc0) == 0xc0)
            {
                if (position + 1 >= message.Length || ++jumps > MostJumps) return false;
                var target = (length & 0x3f) << 8 | message[position + 1];
                if (target >= position) return false;
                if (end < 0) end = position + 2;
                position = target;
                continue;
            }

            if (length > 63 || position + 1 + length > message.Length || text.Length + length > 252) return false;
            if (text.Length > 0) text.Append('.');
            foreach (var octet in message.Slice(position + 1, length))
            {
                var lower = octet is >= (byte)'A' and <= (byte)'Z' ? (char)(octet | 0x20) : (char)octet;
                if (lower is not ((>= 'a' and <= 'z') or (>= '0' and <= '9') or '-' or '_')) return false;
                text.Append(lower);
            }

            position += 1 + length;
        }
    }
}
