using System.Net;
using System.Net.Sockets;
using System.Text;
using Moru.Protocol;

namespace Moru.Envd.Tests;

/// <summary>Connections to the sandbox's ports through envd.</summary>
public sealed class TunnelSpecs : IAsyncLifetime
{
    private readonly LoopbackEnvd _envd = new();
    private readonly TcpListener _server = new(IPAddress.Loopback, 0);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private int Port => ((IPEndPoint)_server.LocalEndpoint).Port;

    public async ValueTask InitializeAsync()
    {
        _server.Start();
        await _envd.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _server.Dispose();
        await _envd.DisposeAsync();
    }

    [Fact]
    public async Task Whoever_speaks_first_is_heard()
    {
        await using var client = await OpenAsync();
        using var server = await _server.AcceptTcpClientAsync(Cancelled);

        await server.GetStream().WriteAsync("hello"u8.ToArray(), Cancelled);
        Assert.Equal("hello", await ReadAsync(client, 5));
        await client.WriteAsync("world"u8.ToArray(), Cancelled);
        Assert.Equal("world", await ReadAsync(server.GetStream(), 5));
    }

    [Fact]
    public async Task A_server_that_only_knows_IPv6_is_found()
    {
        using var six = new TcpListener(IPAddress.IPv6Loopback, 0);
        six.Start();

        await using var client = await _envd.Client.OpenTunnelAsync(((IPEndPoint)six.LocalEndpoint).Port, Cancelled);
        using var server = await six.AcceptTcpClientAsync(Cancelled);

        await client.WriteAsync("six"u8.ToArray(), Cancelled);
        Assert.Equal("six", await ReadAsync(server.GetStream(), 3));
    }

    [Fact]
    public async Task The_servers_end_comes_after_all_it_said()
    {
        await using var client = await OpenAsync();
        var said = new byte[20 << 20];
        new Random(1).NextBytes(said);
        var saying = Task.Run(
            async () =>
            {
                using var server = await _server.AcceptTcpClientAsync(Cancelled);
                await server.GetStream().WriteAsync(said, Cancelled);
            },
            Cancelled);

        using var heard = new MemoryStream();
        await client.CopyToAsync(heard, Cancelled);

        await saying;
        Assert.Equal(said, heard.ToArray());
    }

    [Fact]
    public async Task A_server_that_breaks_off_does_not_look_as_if_it_were_done()
    {
        await using var client = await OpenAsync();
        using (var server = await _server.AcceptSocketAsync(Cancelled)) server.Close(0);

        await Assert.ThrowsAnyAsync<IOException>(() => client.CopyToAsync(Stream.Null, Cancelled));
    }

    [Fact]
    public async Task A_client_that_leaves_closes_the_servers_connection()
    {
        var client = await OpenAsync();
        using var server = await _server.AcceptTcpClientAsync(Cancelled);

        await client.DisposeAsync();

        Assert.Equal(0, await server.GetStream().ReadAsync(new byte[1], Cancelled));
    }

    [Fact]
    public async Task Nothing_that_listens_is_said_so()
    {
        var port = Port;
        _server.Stop();

        var refusal = await Assert.ThrowsAsync<ConnectException>(() => _envd.Client.OpenTunnelAsync(port, Cancelled));

        Assert.Equal((502, $"nothing listens on port {port}"), (refusal.HttpStatus, refusal.Message));
    }

    [Fact]
    public async Task A_tunnel_demands_the_token()
    {
        await _envd.Client.InitAsync(new InitRequest { AccessToken = "secret" }, Cancelled);

        var missing = await Assert.ThrowsAsync<ConnectException>(() => OpenAsync());
        var wrong = await Assert.ThrowsAsync<ConnectException>(() => new EnvdClient(_envd.Http, _envd.Address, "guess").OpenTunnelAsync(Port, Cancelled));
        await using var right = await new EnvdClient(_envd.Http, _envd.Address, "secret").OpenTunnelAsync(Port, Cancelled);

        Assert.Equal((401, 401), (missing.HttpStatus, wrong.HttpStatus));
    }

    [Fact]
    public async Task A_tunnel_does_not_lead_back_to_envd()
    {
        var refusal = await Assert.ThrowsAsync<ConnectException>(() => _envd.Client.OpenTunnelAsync(_envd.Address.Port, Cancelled));

        Assert.Equal(400, refusal.HttpStatus);
    }

    [Theory]
    [InlineData("tunnel?port=80", 426)]
    [InlineData("tunnel?port=0", 400)]
    [InlineData("tunnel?port=65536", 400)]
    [InlineData("tunnel?port=http", 400)]
    [InlineData("tunnel", 400)]
    public async Task A_request_that_cannot_be_a_tunnel_is_refused(string path, int status)
    {
        using var response = await _envd.GetAsync(path);

        Assert.Equal(status, (int)response.StatusCode);
    }

    private Task<Stream> OpenAsync() => _envd.Client.OpenTunnelAsync(Port, Cancelled);

    private static async Task<string> ReadAsync(Stream stream, int count)
    {
        var bytes = new byte[count];
        await stream.ReadExactlyAsync(bytes, Cancelled);
        return Encoding.UTF8.GetString(bytes);
    }
}
