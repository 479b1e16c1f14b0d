using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Moru.Protocol;
using Moru.Runtime;
using Yarp.ReverseProxy.Forwarder;

namespace Moru.Server;

/// <summary>Routes <c>{port}-{sandboxID}.{domain}</c> into sandboxes: HTTP and WebSocket, unbuffered, without time limits.</summary>
internal sealed class SandboxProxy : IDisposable
{
    private static readonly ForwarderRequestConfig Config = new() { ActivityTimeout = TimeSpan.FromDays(1), AllowResponseBuffering = false };

    private readonly Sandboxes sandboxes;
    private readonly SandboxDialer dialer;
    private readonly HttpMessageInvoker invoker;

    public SandboxProxy(Sandboxes sandboxes)
    {
        this.sandboxes = sandboxes;
        dialer = new SandboxDialer(sandboxes);
        invoker = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = DistributedContextPropagator.CreateNoOutputPropagator(),
            EnableMultipleHttp2Connections = true,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            ConnectCallback = dialer.DialAsync,
        });
    }

    public Func<HttpContext, RequestDelegate, Task> Middleware(IHttpForwarder forwarder) => async (context, next) =>
    {
        if (!ProxyTarget.IsForSandbox(context.Request))
        {
            await next(context);
            return;
        }

        if (ProxyTarget.TryRead(context.Request, out var target, out var problem))
            await ForwardAsync(context, forwarder, target);
        else
            await ProxyErrors.WriteTextAsync(context, problem);
    };

    public void Dispose()
    {
        invoker.Dispose();
        dialer.Dispose();
    }

    private async Task ForwardAsync(HttpContext context, IHttpForwarder forwarder, SandboxHost target)
    {
        // Before the question whether it runs: a pause in between is noticed either way.
        var traffic = sandboxes.TrafficOf(target.SandboxId);
        if (!sandboxes.TryGetAddress(target.SandboxId, out _))
        {
            await ProxyErrors.WriteNotFoundAsync(context, target);
            return;
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;

        // The sandbox's id is the host, so that connections are pooled by sandbox: addresses are reused, ids never are.
        var destination = string.Create(CultureInfo.InvariantCulture, $"http://{target.SandboxId}:{target.Port}/");
        var error = await forwarder.SendAsync(context, destination, invoker, Config, new SandboxTransformer(target.Port), traffic);
        if (error is ForwarderError.None || context.Response.HasStarted || context.RequestAborted.IsCancellationRequested) return;

        if (sandboxes.TryGetAddress(target.SandboxId, out _))
            await ProxyErrors.WritePortClosedAsync(context, target);
        else
            await ProxyErrors.WriteNotFoundAsync(context, target);
    }
}
