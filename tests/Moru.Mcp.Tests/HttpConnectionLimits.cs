using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Time.Testing;

namespace Moru.Mcp.Tests;

/// <summary>Which connections are served before anybody knows whose they are.</summary>
public sealed class HttpConnectionLimits
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly FakeTimeProvider clock = new();
    private readonly TaskCompletionSource over = new();
    private readonly HttpConnections connections;
    private int served;

    public HttpConnectionLimits() => connections = new HttpConnections(2, Patience, clock);

    [Fact]
    public async Task One_that_says_nothing_is_let_go()
    {
        var silent = Connect("192.0.2.1", say: false);
        clock.Advance(Patience);
        await silent.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);

        Assert.Equal(0, served);
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1", "192.0.2.2")]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1")]
    [InlineData("::ffff:192.0.2.1", "192.0.2.1", "::ffff:192.0.2.2")]
    public async Task One_network_leaves_room_for_others(string one, string same, string other)
    {
        var first = Connect(one);
        var second = Connect(same);

        await Connect(one); // one too many is closed at once
        Assert.Equal(2, served);
        var others = Connect(other);
        Assert.Equal(3, served);

        over.SetResult();
        await Task.WhenAll(first, second, others);
        await Connect(one);
        Assert.Equal(4, served);
    }

    private async Task Connect(string address, bool say = true)
    {
        var (toServer, toClient) = (new Pipe(), new Pipe());
        if (say) await toServer.Writer.WriteAsync("GET "u8.ToArray());
        await using var connection = new DefaultConnectionContext("id", new Duplex(toServer.Reader, toClient.Writer), new Duplex(toClient.Reader, toServer.Writer))
        {
            RemoteEndPoint = new IPEndPoint(IPAddress.Parse(address), 1),
        };
        await connections.ServeAsync(connection, async inner =>
        {
            served++;
            Assert.Equal(4, (await inner.Transport.Input.ReadAsync()).Buffer.Length);
            await over.Task;
        });
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
