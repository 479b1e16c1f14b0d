using System.Buffers;

namespace Moru.Protocol.Tests;

public sealed class Framing
{
    [Fact]
    public void Messages_are_read_back_one_by_one_however_they_are_cut()
    {
        byte[] wire = [.. Frame(0, "one"u8), .. Frame(0, ""u8), .. Frame(Envelope.EndStreamFlag, "{}"u8)];

        for (var cut = 0; cut <= wire.Length; cut++)
        {
            var buffer = Segments(wire.AsMemory(0, cut), wire.AsMemory(cut));

            Assert.Equal("one", Next(ref buffer, out var flags));
            Assert.Equal(0, flags);
            Assert.Equal("", Next(ref buffer, out _));
            Assert.Equal("{}", Next(ref buffer, out flags));
            Assert.Equal(Envelope.EndStreamFlag, flags);
            Assert.Null(Next(ref buffer, out _));
        }
    }

    [Fact]
    public void A_message_that_is_not_all_there_yet_is_waited_for()
    {
        var wire = Frame(0, "one"u8);

        for (var length = 0; length < wire.Length; length++)
        {
            var buffer = new ReadOnlySequence<byte>(wire, 0, length);
            Assert.Null(Next(ref buffer, out _));
            Assert.Equal(length, buffer.Length);
        }
    }

    [Fact]
    public void A_message_beyond_the_limit_is_refused_before_it_is_read()
    {
        var buffer = new ReadOnlySequence<byte>([0, 0xff, 0xff, 0xff, 0xff]);

        var error = Assert.Throws<ConnectException>(() => Next(ref buffer, out _));
        Assert.Equal(ConnectCode.ResourceExhausted, error.Code);
    }

    [Fact]
    public void A_compressed_message_is_refused()
    {
        var buffer = new ReadOnlySequence<byte>(Frame(Envelope.CompressedFlag, "x"u8));

        Assert.Equal(ConnectCode.Internal, Assert.Throws<ConnectException>(() => Next(ref buffer, out _)).Code);
    }

    [Fact]
    public void Every_code_has_the_name_and_status_of_the_protocol()
    {
        var table = Enum.GetValues<ConnectCode>().Select(code => $"{code.Name()} {code.HttpStatus()}");

        Assert.Equal(
            [
                "canceled 499", "unknown 500", "invalid_argument 400", "deadline_exceeded 504", "not_found 404", "already_exists 409",
                "permission_denied 403", "resource_exhausted 429", "failed_precondition 400", "aborted 409", "out_of_range 400",
                "unimplemented 501", "internal 500", "unavailable 503", "data_loss 500", "unauthenticated 401",
            ],
            table);
        Assert.All(Enum.GetValues<ConnectCode>(), code => Assert.Equal(code, ConnectCodes.Parse(code.Name())));
        Assert.Equal(ConnectCode.Unknown, ConnectCodes.Parse("nonsense"));
    }

    private static string? Next(ref ReadOnlySequence<byte> buffer, out byte flags) =>
        Envelope.TryRead(ref buffer, out flags, out var message) ? System.Text.Encoding.UTF8.GetString(message.ToArray()) : null;

    private static byte[] Frame(byte flags, ReadOnlySpan<byte> message)
    {
        var frame = new byte[Envelope.HeaderLength + message.Length];
        Envelope.WriteHeader(frame, flags, message.Length);
        message.CopyTo(frame.AsSpan(Envelope.HeaderLength));
        return frame;
    }

    private static ReadOnlySequence<byte> Segments(ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second)
    {
        var start = new Segment(first, 0);
        var end = new Segment(second, first.Length);
        start.Append(end);
        return new ReadOnlySequence<byte>(start, 0, end, second.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long index) => (Memory, RunningIndex) = (memory, index);

        public void Append(Segment next) => Next = next;
    }
}
