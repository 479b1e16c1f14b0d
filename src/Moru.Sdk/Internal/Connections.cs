using System.Net.Sockets;

namespace Moru;

/// <summary>Opens connections to the server: the one thing that differs between a remote server, one on this machine and one in this process.</summary>
internal static class Connections
{
    /// <summary>Base URL that stands for a server behind a socket or a stream; the name is never resolved.</summary>
    public const string LocalDomain = "moru.localhost";

    public static bool IsLocal(MoruOptions options) => options.Connect is not null || options.ApiUrl?.Scheme == "unix";

    public static SocketsHttpHandler CreateHandler(MoruOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            UseCookies = false,
            AllowAutoRedirect = false,
            ConnectTimeout = options.RequestTimeout,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
        };
        if (options.Connect is { } connect)
            handler.ConnectCallback = (_, cancellationToken) => connect(cancellationToken);
        else if (options.ApiUrl is { Scheme: "unix" } url)
            handler.ConnectCallback = (_, cancellationToken) => OpenSocketAsync(url.LocalPath, cancellationToken);
        if (handler.ConnectCallback is not null) handler.UseProxy = false;
        return handler;
    }

    private static async ValueTask<Stream> OpenSocketAsync(string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
