using System.Text;

namespace Moru.Runtime.Tests;

public sealed class HttpHeadTests
{
    [Fact]
    public void The_host_and_the_length_of_the_body_are_read_and_offers_to_upgrade_are_left_out()
    {
        var head = Read("POST /a?b HTTP/1.1\nhOsT:  x.test:80 \nContent-Length: 12\nUpgrade: h2c\nHTTP2-Settings: A\nAccept: */*\n")!;

        Assert.Equal(("POST", "x.test:80", null, 12L), (head.Method, head.Host, head.Authority, head.BodyLength!.Value));
        Assert.Equal("POST /a?b HTTP/1.1\r\nhOsT:  x.test:80 \r\nContent-Length: 12\r\nAccept: */*\r\n\r\n", Encoding.Latin1.GetString(head.Text));
    }

    [Theory]
    [InlineData("GET http://y.test/ HTTP/1.1\nHost: x.test\n", "y.test")]
    [InlineData("GET HTTP://y.test?q HTTP/1.1\nHost: x.test\n", "y.test")]
    [InlineData("GET http://u@y.test:81/ HTTP/1.1\nHost: x.test\n", "u@y.test:81")]
    [InlineData("CONNECT y.test:443 HTTP/1.1\nHost: x.test\n", "y.test:443")]
    [InlineData("GET / HTTP/1.0\nHost: x.test\n", null)]
    [InlineData("OPTIONS * HTTP/1.1\nHost: x.test\n", null)]
    public void The_host_of_the_target_is_told_apart_from_the_header(string text, string? authority) => Assert.Equal(authority, Read(text)!.Authority);

    [Theory]
    [InlineData("GET / HTTP/1.1\nAccept: */*\n")]
    [InlineData("GET / HTTP/1.1\nHost: x.test\nHost: y.test\n")]
    [InlineData("GET / HTTP/1.1\nHost: x.test\nHost: x.test\n")]
    [InlineData("GET / HTTP/1.1\nHost : x.test\n")]
    [InlineData("GET / HTTP/1.1\n Host: x.test\nHost: y.test\n")]
    [InlineData("GET / HTTP/1.1\nHost: x.test\n folded\n")]
    [InlineData("GET / HTTP/1.1\nHost: x.test\rHost: y.test\n")]
    [InlineData("GET / HTTP/1.1\nHost: x.test\0y.test\n")]
    [InlineData("GET / HTTP/1.1\nHost: x.test\nno colon\n")]
    [InlineData("GET / HTTP/1.1\nHost: x.test\n: empty\n")]
    [InlineData("GET  / HTTP/1.1\nHost: x.test\n")]
    [InlineData("GET / HTTP/1.1 \nHost: x.test\n")]
    [InlineData("GET / x HTTP/1.1\nHost: x.test\n")]
    [InlineData("GET / HTTP/2.0\nHost: x.test\n")]
    [InlineData("PRI * HTTP/2.0\n")]
    [InlineData("GET / \nHost: x.test\n")]
    [InlineData("GET x.test HTTP/1.1\nHost: x.test\n")]
    [InlineData("GET https://x.test/ HTTP/1.1\nHost: x.test\n")]
    [InlineData("G(T / HTTP/1.1\nHost: x.test\n")]
    [InlineData("POST / HTTP/1.1\nHost: x.test\nContent-Length: 1\nTransfer-Encoding: chunked\n")]
    [InlineData("POST / HTTP/1.1\nHost: x.test\nContent-Length: 1\nContent-Length: 1\n")]
    [InlineData("POST / HTTP/1.1\nHost: x.test\nContent-Length: 1, 1\n")]
    [InlineData("POST / HTTP/1.1\nHost: x.test\nContent-Length: +1\n")]
    [InlineData("POST / HTTP/1.1\nHost: x.test\nContent-Length: -1\n")]
    [InlineData("POST / HTTP/1.1\nHost: x.test\nContent-Length: 0x1\n")]
    [InlineData("POST / HTTP/1.1\nHost: x.test\nContent-Length: 99999999999999999999\n")]
    [InlineData("POST / HTTP/1.1\nHost: x.test\nContent-Length:\n")]
    [InlineData("POST / HTTP/1.1\nHost: x.test\nTransfer-Encoding: gzip, chunked\n")]
    [InlineData("POST / HTTP/1.1\nHost: x.test\nTransfer-Encoding: xchunked\n")]
    [InlineData("POST / HTTP/1.1\nHost: x.test\nTransfer-Encoding : chunked\n")]
    [InlineData("POST / HTTP/1.1\nHost: x.test\nTransfer-Encoding: chunked\nTransfer-Encoding: identity\n")]
    [InlineData("CONNECT x.test:443 HTTP/1.1\nHost: x.test:443\nContent-Length: 5\n")]
    public void A_head_that_two_programs_could_read_differently_is_refused(string text) => Assert.Null(Read(text));

    [Fact]
    public async Task Chunks_are_passed_on_and_what_is_no_chunk_is_not()
    {
        Assert.Equal("4\r\nabcd\r\n0\r\n\r\n|GET", await ChunksAsync("4;ext=1\r\nabcd\r\n0\r\nTrailer: x\r\n\r\nGET"));
        Assert.Null(await ChunksAsync("4\r\nabcdX\r\n0\r\n\r\n"));
        Assert.Null(await ChunksAsync("+4\r\nabcd\r\n0\r\n\r\n"));
        Assert.Null(await ChunksAsync("4\nabcd\r\n0\r\n\r\n"));
        Assert.Null(await ChunksAsync("-1\r\n\r\n"));
        Assert.Null(await ChunksAsync("0x4\r\nabcd\r\n0\r\n\r\n"));
        Assert.Null(await ChunksAsync("ffffffffffffffff\r\n"));
    }

    /// <returns>What was sent on and what is left; null: refused.</returns>
    private static async Task<string?> ChunksAsync(string body)
    {
        var incoming = new IncomingBytes(new MemoryStream(Encoding.Latin1.GetBytes(body)));
        var target = new MemoryStream();
        if (!await incoming.CopyChunksToAsync(target, Node.Cancel)) return null;
        var left = new MemoryStream();
        await incoming.CopyToAsync(left, Node.Cancel);
        return Encoding.Latin1.GetString(target.ToArray()) + "|" + Encoding.Latin1.GetString(left.ToArray());
    }

    private static HttpHead? Read(string text) =>
        HttpHead.TryRead(Encoding.Latin1.GetBytes(text.Replace("\n", "\r\n", StringComparison.Ordinal) + "\r\n"), out var head) ? head : null;
}
