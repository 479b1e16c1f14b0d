using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace Moru.Mcp.Tests;

/// <summary>A reverse proxy on loopback that adds the API key to requests and leaves everything else in them, their host too, as it is.</summary>
internal sealed class KeyInFront : IAsyncDisposable
{
    private readonly HttpMessageInvoker upstream = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false });
    private readonly WebApplication app;

    private KeyInFront(WebApplication app) => this.app = app;

    public string Url => app.Urls.Single() + "/mcp";

    public static async Task<KeyInFront> StartAsync(McpHttp server)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddHttpForwarder();
        var started = new KeyInFront(builder.Build());
        var forwarder = started.app.Services.GetRequiredService<IHttpForwarder>();
        var (target, key) = (server.Url.GetLeftPart(UriPartial.Authority), new Key(server.Key));
        started.app.Run(async context => await forwarder.SendAsync(context, target, started.upstream, ForwarderRequestConfig.Empty, key));
        await started.app.StartAsync();
        return started;
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        upstream.Dispose();
    }

    private sealed class Key(string key) : HttpTransformer
    {
        public override async ValueTask TransformRequestAsync(HttpContext context, HttpRequestMessage request, string prefix, CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(context, request, prefix, cancellationToken);
            request.Headers.Host = context.Request.Host.Value;
            request.Headers.Add("X-API-Key", key);
        }
    }
}
