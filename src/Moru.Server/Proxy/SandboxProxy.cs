using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Moru.Protocol;
using Moru.Runtime;
using Yarp.ReverseProxy.Forwarder;

namespace Moru.Server;

/// <summary>Routes <c>{port}-{sandboxID}.{domain}</c> into sandboxes: HTTP and WebSocket, unbuffered, without time limits.</summary>
internal sealed class SandboxProxy : IDisposable
{
    private static readonly TimeSpan DialTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan[] DialPauses = [.. new[] { 100, 200, 300, 400 }.Select(ms => TimeSpan.FromMilliseconds(ms))];
    private static readonly ForwarderRequestConfig Config = new() { ActivityTimeout = TimeSpan.FromDays(1), AllowResponseBuffering = false };

    private readonly Sandboxes sandboxes;
    private readonly HttpMessageInvoker invoker;

    public SandboxProxy(Sandboxes sandboxes)
    {
        this.sandboxes = sandboxes;
        invoker = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = DistributedContextPropagator.CreateNoOutputPropagator(),
            EnableMultipleHttp2Connections = true,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            ConnectCallback = DialAsync,
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

    public void Dispose() => invoker.Dispose();

    private async Task ForwardAsync(HttpContext context, IHttpForwarder forwarder, SandboxHost target)
    {
        if (!sandboxes.TryGetAddress(target.SandboxId, out _))
        {
            await ProxyErrors.WriteNotFoundAsync(context, target);
            return;
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;

        // The sandbox's id is the host, so that connections are pooled by sandbox: addresses are reused, ids never are.
        var destination = string.Create(CultureInfo.InvariantCulture, $"http://{target.SandboxId}:{target.Port}/");
        var error = await forwarder.SendAsync(context, destination, invoker, Config, new SandboxTransformer(target.Port));
        if (error is ForwarderError.None || context.Response.HasStarted || context.RequestAborted.IsCancellationRequested) return;

        if (sandboxes.TryGetAddress(target.SandboxId, out _))
            await ProxyErrors.WritePortClosedAsync(context, target);
        else
            await ProxyErrors.WriteNotFoundAsync(context, target);
    }

    /// <summary>Connects to the sandbox. A user's server gets a moment to bind its port; envd listens before the sandbox is known.</summary>
    private async ValueTask<Stream> DialAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var (id, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        for (var attempt = 0; ; attempt++)
        {
            if (!sandboxes.TryGetAddress(id, out var address))
                throw new IOException($"sandbox {id} has ended");
            try
            {
                return await ConnectAsync(address.Host, port == Ports.Envd ? address.EnvdPort : port, cancellationToken);
            }
            catch (SocketException) when (port != Ports.Envd && attempt < DialPauses.Length)
            {
                await Task.Delay(DialPauses[attempt], cancellationToken);
            }
        }
    }

    private static async Task<Stream> ConnectAsync(string host, int port, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(DialTimeout);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(host, port, limit.Token);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
