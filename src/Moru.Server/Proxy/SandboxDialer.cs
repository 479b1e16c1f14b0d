using System.Net.Http;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Moru.Protocol;
using Moru.Runtime;

namespace Moru.Server;

/// <summary>
/// Connects to ports of sandboxes: directly where they can be reached, else, and where a server listens on localhost alone, through a
/// tunnel of envd.
/// </summary>
internal sealed class SandboxDialer(Sandboxes sandboxes) : IDisposable
{
    private static readonly TimeSpan DialTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan[] DialPauses = [.. new[] { 100, 200, 300, 400 }.Select(ms => TimeSpan.FromMilliseconds(ms))];

    // Whoever is refused a tunnel leaves a connection that is kept for nobody: the address may soon be another sandbox's.
    private readonly HttpClient envd = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, PooledConnectionIdleTimeout = TimeSpan.Zero })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>A user's server gets a moment to bind its port; envd listens before the sandbox is known.</summary>
    /// <exception cref="IOException">The sandbox has ended, or nothing listens.</exception>
    public async ValueTask<Stream> DialAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var (id, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        for (var attempt = 0; ; attempt++)
        {
            if (sandboxes.Find(id) is not { State: SandboxPhase.Running, Address: { } address } sandbox)
                throw new IOException($"sandbox {id} has ended");

            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(DialTimeout);
            if (port == Ports.Envd) return await ConnectAsync(address.Host, address.EnvdPort, limit.Token);
            if (await ReachAsync(address, port, sandbox.AccessToken, limit.Token) is { } stream) return stream;
            if (attempt == DialPauses.Length) throw new IOException($"nothing listens on port {port} of sandbox {id}");
            await Task.Delay(DialPauses[attempt], cancellationToken);
        }
    }

    public void Dispose() => envd.Dispose();

    /// <returns>Null when nothing listens.</returns>
    private async Task<Stream?> ReachAsync(EngineAddress address, int port, string? token, CancellationToken cancellationToken)
    {
        try
        {
            if (!address.OnlyEnvd) return await ConnectAsync(address.Host, port, cancellationToken);
        }
        catch (SocketException refused) when (refused.SocketErrorCode is SocketError.ConnectionRefused)
        {
            // Nothing listens on that address; localhost is another.
        }

        try
        {
            return await new EnvdClient(envd, new UriBuilder(Uri.UriSchemeHttp, address.Host, address.EnvdPort).Uri, token).OpenTunnelAsync(port, cancellationToken);
        }
        catch (ConnectException closed) when (closed.HttpStatus == StatusCodes.Status502BadGateway)
        {
            return null;
        }
    }

    private static async Task<Stream> ConnectAsync(string host, int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(host, port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
