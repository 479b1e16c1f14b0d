using System.Net;
using System.Net.Sockets;

namespace Moru.Sdk.Tests;

/// <summary>The way of a client to a server on another machine: TLS by an authority of the server's own, and a proxy.</summary>
public sealed class SecureConnections(TlsServerFixture fixture) : IClassFixture<TlsServerFixture>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_sandbox_is_used_over_tls_with_the_servers_own_authority()
    {
        using var client = new MoruClient(Options());

        await UsedAsync(client);
    }

    [Fact]
    public async Task Without_the_authority_nothing_is_sent()
    {
        using var client = new MoruClient(Options() with { CaFile = null });

        var error = await Assert.ThrowsAsync<ServerUnreachableException>(() => client.CreateSandboxAsync(cancellationToken: Cancelled));

        Assert.Contains("MORU_CA_FILE", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everything_goes_through_a_proxy()
    {
        await using var proxy = new TunnelProxy();
        using var client = new MoruClient(Options() with { Proxy = new Uri($"http://127.0.0.1:{proxy.Port}") });

        var id = await UsedAsync(client);

        Assert.Equal([$"api.{fixture.Server.Domain}", $"49983-{id}.{fixture.Server.Domain}"], proxy.Asked.Distinct());
    }

    private MoruOptions Options() => new()
    {
        ApiUrl = new Uri($"https://api.{fixture.Server.Domain}"),
        Domain = fixture.Server.Domain!,
        ApiKey = fixture.Server.ApiKey,
        CaFile = Path.Combine(fixture.DataDirectory, Server.MoruServer.AuthorityName),
    };

    private static async Task<string> UsedAsync(MoruClient client)
    {
        await using var sandbox = await client.CreateSandboxAsync(cancellationToken: Cancelled);
        await sandbox.Files.WriteAsync("/tmp/file", "over TLS", cancellationToken: Cancelled);
        Assert.Equal("over TLS", (await sandbox.Commands.RunAsync("cat /tmp/file", cancellationToken: Cancelled)).Stdout);
        return sandbox.SandboxId;
    }

    /// <summary>Connects whoever asks to this machine, whatever name is asked for.</summary>
    private sealed class TunnelProxy : IAsyncDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource stop = new();
        private readonly List<Task> tunnels = [];
        private readonly Task accepting;

        public TunnelProxy()
        {
            listener.Start();
            accepting = AcceptAsync();
        }

        public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

        public List<string> Asked { get; } = [];

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            listener.Dispose();
            await accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Task.WhenAll(tunnels).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            stop.Dispose();
        }

        private async Task AcceptAsync()
        {
            while (true) tunnels.Add(TunnelAsync(await listener.AcceptTcpClientAsync(stop.Token)));
        }

        private async Task TunnelAsync(TcpClient client)
        {
            using (client)
            {
                var stream = client.GetStream();
                var (head, letter) = (new List<byte>(), new byte[1]);
                while (!head.TakeLast(4).SequenceEqual("\r\n\r\n"u8.ToArray()) && await stream.ReadAsync(letter, stop.Token) > 0) head.Add(letter[0]);
                var asked = System.Text.Encoding.ASCII.GetString([.. head]).Split(' ')[1];
                lock (Asked) Asked.Add(asked);

                using var server = new TcpClient();
                await server.ConnectAsync(IPAddress.Loopback, int.Parse(asked.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture), stop.Token);
                await stream.WriteAsync("HTTP/1.1 200 OK\r\n\r\n"u8.ToArray(), stop.Token);
                await Task.WhenAny(stream.CopyToAsync(server.GetStream(), stop.Token), server.GetStream().CopyToAsync(stream, stop.Token));
            }
        }
    }
}
