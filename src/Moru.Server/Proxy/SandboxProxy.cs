using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
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
    private readonly HttpMessageInvoker agents, servers;

    public SandboxProxy(Sandboxes sandboxes)
    {
        this.sandboxes = sandboxes;
        dialer = new SandboxDialer(sandboxes);
        agents = Invoker(idle: TimeSpan.FromSeconds(30));
        // A user's server may be another one a moment later, and a request on a connection of the one before would fail.
        servers = Invoker(idle: TimeSpan.Zero);
    }

    public Func<HttpContext, RequestDelegate, Task> Middleware(IHttpForwarder forwarder, ServerDomain domain) => (context, next) =>
    {
        if (ProxyTarget.IsNamed(context.Request, domain))
        {
            return ProxyTarget.TryRead(context.Request, out var target, out var problem)
                ? ForwardAsync(context, forwarder, target)
                : ProxyErrors.WriteTextAsync(context, problem);
        }

        return CredentialRoute.IsMeant(context.Request)
            ? ForwardAsync(context, forwarder, new SandboxHost(Ports.Envd, CredentialRoute.FindOrDefault(context.Request, sandboxes) ?? ""))
            : next(context);
    };

    public void Dispose()
    {
        agents.Dispose();
        servers.Dispose();
        dialer.Dispose();
    }

    private async Task ForwardAsync(HttpContext context, IHttpForwarder forwarder, SandboxHost target)
    {
        // Before the question whether it runs: a pause in between is noticed either way.
        var traffic = sandboxes.TrafficOf(target.SandboxId);
        if (sandboxes.Find(target.SandboxId) is not { State: SandboxPhase.Running } sandbox)
        {
            await ProxyErrors.WriteNotFoundAsync(context, target);
            return;
        }

        if (target.Port != Ports.Envd && sandbox.TrafficToken is { } token && !await IsAdmittedAsync(context, target, token)) return;

        Unlimit(context);
        // The sandbox's id is the host, so that connections are pooled by sandbox: addresses are reused, ids never are.
        var destination = string.Create(CultureInfo.InvariantCulture, $"http://{target.SandboxId}:{target.Port}/");
        var transformer = new SandboxTransformer(target.Port, sandbox.Network.MaskRequestHost);
        var error = await forwarder.SendAsync(context, destination, target.Port == Ports.Envd ? agents : servers, Config, transformer, traffic);
        if (error is not ForwarderError.None && !context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
            await ExplainAsync(context, target, error);
    }

    private static async Task<bool> IsAdmittedAsync(HttpContext context, SandboxHost target, string token)
    {
        var given = context.Request.Headers[Headers.TrafficToken].ToString();
        if (given.Length == 0)
        {
            await ProxyErrors.WriteTokenMissingAsync(context, target);
            return false;
        }

        if (CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(token))) return true;
        await ProxyErrors.WriteTokenInvalidAsync(context, target);
        return false;
    }

    /// <summary>Bodies of the API are small and come fast; those of sandboxes may take what they like.</summary>
    private static void Unlimit(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate) rate.MinDataRate = null;
    }

    private Task ExplainAsync(HttpContext context, SandboxHost target, ForwarderError error)
    {
        if (!sandboxes.TryGetAddress(target.SandboxId, out _)) return ProxyErrors.WriteCutOffAsync(context, target);
        if (context.Response.StatusCode is StatusCodes.Status400BadRequest) return Task.CompletedTask; // the client's own body was malformed

        return context.GetForwarderErrorFeature()?.Exception is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError }
            ? ProxyErrors.WritePortClosedAsync(context, target)
            : ProxyErrors.WriteNoAnswerAsync(context, target);
    }

    private HttpMessageInvoker Invoker(TimeSpan idle) => new(new FlushingHandler(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = DistributedContextPropagator.CreateNoOutputPropagator(),
        PooledConnectionIdleTimeout = idle,
        ConnectCallback = dialer.DialAsync,
    }));
}
