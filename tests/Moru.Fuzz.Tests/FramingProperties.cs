using System.Buffers;
using CsCheck;
using Moru.Protocol;

namespace Moru.Fuzz.Tests;

public sealed class FramingProperties
{
    private static readonly Gen<int[]> Cuts = Gen.Int[0, int.MaxValue].Array[0, 8];

    private static readonly Gen<byte[]> Message = Gen.Select(
        Gen.Byte.Select(flags => (byte)(flags & ~Envelope.CompressedFlag)), Bytes.Any, (flags, body) => Frame(flags, body));

    private static readonly Gen<byte[]> Messages = Message.Array[0, 6].Select(messages => messages.SelectMany(message => message).ToArray());

    [Fact]
    public void Where_the_bytes_are_cut_changes_nothing() =>
        Gen.Select(Gen.OneOf(Bytes.Any, Messages.Broken()), Cuts).Holds(input =>
        {
            var (bytes, cuts) = input;

            Assert.Equal(Read(new ReadOnlySequence<byte>(bytes)), Read(bytes.Cut(cuts)));
        });

    [Fact]
    public void What_is_framed_is_read_back() =>
        Gen.Select(Gen.Select(Gen.Byte, Bytes.Any).Array[0, 6], Cuts).Holds(input =>
        {
            var (messages, cuts) = input;
            var sent = messages.Select(message => ((byte)(message.Item1 & ~Envelope.CompressedFlag), message.Item2)).ToArray();
            var wire = sent.SelectMany(message => Frame(message.Item1, message.Item2)).ToArray();

            Assert.Equal([.. sent.Select(message => $"{message.Item1} {Convert.ToHexString(message.Item2)}"), "0 bytes left"], Read(wire.Cut(cuts)));
        });

    private static List<string> Read(ReadOnlySequence<byte> buffer)
    {
        var read = new List<string>();
        try
        {
            while (Envelope.TryRead(ref buffer, out var flags, out var message)) read.Add($"{flags} {Convert.ToHexString(message.ToArray())}");
        }
        catch (ConnectException refusal)
        {
            read.Add($"{refusal.Code}: {refusal.Message}");
        }

        read.Add($"{buffer.Length} bytes left");
        return read;
    }

    private static byte[] Frame(byte flags, byte[] body)
    {
        var frame = new byte[Envelope.HeaderLength + body.Length];
        Envelope.WriteHeader(frame, flags, body.Length);
        body.CopyTo(frame, Envelope.HeaderLength);
        return frame;
    }
}
