using System.Net.Security;

namespace Moru.Runtime.Tests;

/// <summary>The parsers of what sandboxes send, against what .NET sends, and against noise.</summary>
public sealed class HostileBytesTests
{
    private const int Rounds = 50_000;

    [Fact]
    public async Task The_name_in_a_handshake_is_read_however_it_is_cut()
    {
        var hello = await HelloAsync("www.example.test");

        for (var length = 0; length < hello.Length; length++) Assert.False(TlsHello.TryRead(hello.AsSpan(0, length), out _));
        Assert.True(TlsHello.TryRead(hello, out var name));
        Assert.Equal("www.example.test", name);
        Assert.True(TlsHello.TryRead(Split(hello), out name));
        Assert.Equal("www.example.test", name);
    }

    [Fact]
    public async Task A_handshake_for_an_address_names_no_host()
    {
        Assert.True(TlsHello.TryRead(await HelloAsync("198.51.100.2"), out var name));
        Assert.Null(name);
    }

    [Fact]
    public async Task A_handshake_that_was_tampered_with_gives_its_name_or_none_and_never_fails()
    {
        var hello = await HelloAsync("www.example.test");
        var random = new Random(1);

        for (var round = 0; round < Rounds; round++)
        {
            var bytes = hello.ToArray();
            for (var change = random.Next(1, 4); change > 0; change--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            TlsHello.TryRead(bytes.AsSpan(0, random.Next(bytes.Length + 1)), out _);
        }
    }

    [Fact]
    public void Requests_and_questions_that_were_tampered_with_never_fail()
    {
        var head = "POST http://x.test/ HTTP/1.1\r\nHost: x.test\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray();
        var question = DnsMessage.Ask(7, "www.example.test", DnsMessage.A);
        DnsMessage.TryReadQuestion(question, out var asked);
        var answer = DnsMessage.Answer(asked, 0, new DnsAddresses([1, 2], 60));
        var random = new Random(2);

        for (var round = 0; round < Rounds; round++)
        {
            HttpHead.TryRead([.. Tampered(head), .. "\r\n\r\n"u8], out _);
            DnsMessage.TryReadQuestion(Tampered(question), out _);
            var bytes = Tampered(answer);
            if (DnsMessage.Answers(bytes, 7, "www.example.test", DnsMessage.A)) DnsMessage.TryReadAddresses(bytes, "www.example.test", out _);
        }

        byte[] Tampered(byte[] original)
        {
            var bytes = original[..random.Next(original.Length + 1)];
            for (var change = random.Next(4); change > 0 && bytes.Length > 0; change--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            return bytes;
        }
    }

    [Fact]
    public void A_name_that_points_at_itself_is_refused()
    {
        DnsMessage.TryReadQuestion(DnsMessage.Ask(7, "a.test", DnsMessage.A), out var asked);
        var answer = DnsMessage.Answer(asked, 0, new DnsAddresses([1], 60));
        answer[^15] = (byte)(answer.Length - 16); // the pointer of the record's owner, to itself

        Assert.False(DnsMessage.TryReadAddresses(answer, "a.test", out _));
    }

    /// <summary>The first message of a client of .NET.</summary>
    private static async Task<byte[]> HelloAsync(string host)
    {
        await using var sent = new Recorder();
        await using var tls = new SslStream(sent);
        await Assert.ThrowsAnyAsync<Exception>(() => tls.AuthenticateAsClientAsync(host));
        return sent.ToArray();
    }

    /// <summary>The same message in two records.</summary>
    private static byte[] Split(byte[] hello)
    {
        var (head, body) = (hello[..3], hello[5..]);
        var cut = body.Length / 2;
        return [.. head, (byte)(cut >> 8), (byte)cut, .. body[..cut], .. head, (byte)((body.Length - cut) >> 8), (byte)(body.Length - cut), .. body[cut..]];
    }

    /// <summary>Takes what is written; nothing comes back.</summary>
    private sealed class Recorder : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(0);
    }
}
