using System.Buffers;
using System.Buffers.Binary;

namespace Moru.Protocol;

/// <summary>
/// The frame around each message of a Connect stream: one byte of flags, four bytes of length (big endian), the message
/// (connectrpc.com/docs/protocol, "Streaming Request").
/// </summary>
public static class Envelope
{
    /// <summary>Bytes before the message.</summary>
    public const int HeaderLength = 5;

    /// <summary>Flag of the last message of a stream.</summary>
    public const byte EndStreamFlag = 0b10;

    /// <summary>Flag of a compressed message; this implementation never negotiates compression and refuses it.</summary>
    public const byte CompressedFlag = 0b01;

    /// <summary>Largest message that is read: 64 MiB. A larger length is a protocol error.</summary>
    public const int MaxLength = 64 << 20;

    /// <summary>Writes the header of a message of <paramref name="length"/> bytes into <paramref name="header"/>.</summary>
    public static void WriteHeader(Span<byte> header, byte flags, int length)
    {
        header[0] = flags;
        BinaryPrimitives.WriteInt32BigEndian(header[1..], length);
    }

    /// <summary>Takes one whole message off the front of <paramref name="buffer"/>.</summary>
    /// <param name="buffer">What has been received; advanced past the message.</param>
    /// <param name="flags">Flags of the message.</param>
    /// <param name="message">The message.</param>
    /// <returns>False when more bytes are needed.</returns>
    /// <exception cref="ConnectException">The message is compressed or longer than <see cref="MaxLength"/>.</exception>
    public static bool TryRead(ref ReadOnlySequence<byte> buffer, out byte flags, out ReadOnlySequence<byte> message)
    {
        flags = 0;
        message = default;
        if (buffer.Length < HeaderLength) return false;

        Span<byte> header = stackalloc byte[HeaderLength];
        buffer.Slice(0, HeaderLength).CopyTo(header);
        var length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        if (length > MaxLength)
            throw new ConnectException(ConnectCode.ResourceExhausted, $"message of {length} bytes is larger than the limit of {MaxLength}");
        if ((header[0] & CompressedFlag) != 0)
            throw new ConnectException(ConnectCode.Internal, "compressed message, but no compression was agreed");
        if (buffer.Length < HeaderLength + length) return false;

        flags = header[0];
        message = buffer.Slice(HeaderLength, length);
        buffer = buffer.Slice(message.End);
        return true;
    }
}
