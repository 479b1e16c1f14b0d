using System.Net;
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
            ConnectCallback = Dialer(options),
        };
        if (IsLocal(options)) handler.UseProxy = false;
        else handler.Proxy = options.Proxy is { } proxy ? new WebProxy(proxy) : new SystemProxy();
        if (options.CaFile is { } file) handler.SslOptions.RemoteCertificateValidationCallback = ExtraAuthorities.Read(file).Trusts;
        return handler;
    }

    private static Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>> Dialer(MoruOptions options)
    {
        if (options.Connect is { } connect) return (_, cancellationToken) => connect(cancellationToken);
        if (options.ApiUrl is { Scheme: "unix" } url)
            return (_, cancellationToken) => OpenAsync(UnixSocket(), new UnixDomainSocketEndPoint(url.LocalPath), cancellationToken);
        return (context, cancellationToken) => OpenAsync(TcpSocket(), EndPoint(context.DnsEndPoint), cancellationToken);
    }

    private static Socket UnixSocket() => new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    private static Socket TcpSocket() => new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    /// <summary>Names under localhost are this machine (RFC 6761, section 6.3); few resolvers know.</summary>
    private static DnsEndPoint EndPoint(DnsEndPoint asked) => IsUnderLocalhost(asked.Host) ? new DnsEndPoint("localhost", asked.Port) : asked;

    private static bool IsUnderLocalhost(string host) => host.TrimEnd('.').EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);

    private static async ValueTask<Stream> OpenAsync(Socket socket, EndPoint end, CancellationToken cancellationToken)
    {
        try
        {
            await socket.ConnectAsync(end, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The proxy of the environment, for everything that is not on this machine.</summary>
    private sealed class SystemProxy : IWebProxy
    {
        public ICredentials? Credentials
        {
            get => HttpClient.DefaultProxy.Credentials;
            set => HttpClient.DefaultProxy.Credentials = value;
        }

        public Uri? GetProxy(Uri destination) => HttpClient.DefaultProxy.GetProxy(destination);

        public bool IsBypassed(Uri host) => host.IsLoopback || IsUnderLocalhost(host.Host) || HttpClient.DefaultProxy.IsBypassed(host);
    }
}
