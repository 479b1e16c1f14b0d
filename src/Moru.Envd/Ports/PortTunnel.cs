using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>
/// <c>GET /tunnel?port=N</c> with <c>Upgrade: moru-tcp</c>: behind the answer 101 the connection is one to that port, made from within the
/// sandbox. So servers bound to localhost are reached, and all ports through the one that the engine publishes, with nothing to look for or keep running.
/// HTTP cannot half-close: the end of the server's data ends the tunnel.
/// </summary>
internal sealed class PortTunnel
{
    // Each holds two descriptors and two buffers: 32 MiB in all.
    private const int MaxTunnels = 1024;
    private const int BufferSize = 16 << 10;

    // Only a server that accepts nothing lets a dial within one machine wait.
    private static readonly TimeSpan DialTimeout = TimeSpan.FromSeconds(4);

    private int _open;

    public async Task OpenAsync(HttpContext context)
    {
        var port = ReadPort(context);
        if (context.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true } upgrade
            || context.Request.Headers.Upgrade != EnvdClient.TunnelProtocol)
        {
            context.Response.Headers.Upgrade = EnvdClient.TunnelProtocol;
            throw new ConnectException(
                ConnectCode.InvalidArgument, $"ask for a tunnel with 'Upgrade: {EnvdClient.TunnelProtocol}'", StatusCodes.Status426UpgradeRequired);
        }

        try
        {
            if (Interlocked.Increment(ref _open) > MaxTunnels)
                throw new ConnectException(ConnectCode.ResourceExhausted, $"{MaxTunnels} connections into this sandbox are open; close some first");
            using var server = await DialAsync(port, context);
            await SpliceAsync(server, upgrade, context);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private static int ReadPort(HttpContext context)
    {
        var text = context.Request.Query["port"].ToString();
        if (!ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port == 0)
            throw new ConnectException(ConnectCode.InvalidArgument, $"port '{text}' is not a number from 1 to 65535");
        if (port == context.Connection.LocalPort)
            throw new ConnectException(ConnectCode.InvalidArgument, $"port {port} is envd's own; ask it directly");
        return port;
    }

    /// <exception cref="ConnectException">Nothing listens on the port.</exception>
    private static async Task<Socket> DialAsync(int port, HttpContext context)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        limit.CancelAfter(DialTimeout);
        // The last is for servers bound to the sandbox's own address and nothing else.
        foreach (var address in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback, context.Connection.LocalIpAddress!.MapToIPv4() })
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, port), limit.Token);
                return socket;
            }
            catch (Exception failure)
            {
                socket.Dispose();
                context.RequestAborted.ThrowIfCancellationRequested();
                if (failure is not (SocketException or OperationCanceledException)) throw;
            }
        }

        throw new ConnectException(ConnectCode.Unavailable, $"nothing listens on port {port}", StatusCodes.Status502BadGateway);
    }

    private static async Task SpliceAsync(Socket server, IHttpUpgradeFeature upgrade, HttpContext context)
    {
        await using var client = await upgrade.UpgradeAsync();
        await using var local = new NetworkStream(server);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        var upload = UploadAsync(client, local, over.Token);
        try
        {
            await local.CopyToAsync(client, BufferSize, over.Token);
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException)
        {
            // A server that broke off must not look like one that was done.
            context.Abort();
        }

        await over.CancelAsync();
        await upload;
    }

    private static async Task UploadAsync(Stream client, NetworkStream local, CancellationToken cancellationToken)
    {
        try
        {
            await client.CopyToAsync(local, BufferSize, cancellationToken);
            local.Socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception failure) when (failure is IOException or SocketException or OperationCanceledException)
        {
            // A server that takes no more may still have an answer under way; the other direction tells when it is over.
        }
    }
}
