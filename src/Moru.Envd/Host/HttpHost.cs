using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Moru.Envd;

/// <summary>Kestrel without the generic host, which would cost 14 ms of start-up, 3 MiB, and a watch on the image's whole file system.</summary>
internal sealed class HttpHost(Daemon daemon) : IHttpApplication<HttpContext>
{
    private const int MaxConnections = 4096;

    /// <summary>Starts to listen on every address of the machine.</summary>
    /// <exception cref="IOException">The port is taken.</exception>
    public async Task<KestrelServer> StartAsync(int port)
    {
        var options = new KestrelServerOptions { AddServerHeader = false, ApplicationServices = NoServices.Instance };
        options.Limits.MaxConcurrentConnections = MaxConnections;
        // A file may be of any size, and a command may read or print as slowly as it likes.
        options.Limits.MaxRequestBodySize = null;
        options.Limits.MinRequestBodyDataRate = null;
        options.Limits.MinResponseDataRate = null;
        // The server keeps a connection half a minute; whoever is slower than this with a request's head is no server.
        options.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(90);
        options.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        options.ListenAnyIP(port, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.Use(next => new InsideLimit(next).OnConnectionAsync);
        });

        var server = new KestrelServer(Options.Create(options), new SocketTransport(), NullLoggerFactory.Instance);
        await server.StartAsync(this, CancellationToken.None);
        return server;
    }

    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public Task ProcessRequestAsync(HttpContext context) => daemon.HandleAsync(context);

    public void DisposeContext(HttpContext context, Exception? exception)
    {
    }

    private sealed class NoServices : IServiceProvider
    {
        public static readonly NoServices Instance = new();

        public object? GetService(Type serviceType) => null;
    }
}
