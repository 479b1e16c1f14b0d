using Microsoft.AspNetCore.Http;
using Moru.Protocol;
using Yarp.ReverseProxy.Forwarder;

namespace Moru.Server;

/// <summary>Passes a request on as it came: same Host, no added headers.</summary>
internal sealed class SandboxTransformer(int port) : HttpTransformer
{
    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        proxyRequest.Headers.Host = httpContext.Request.Host.Value;

        // Some clients send the control-plane key with every request; the sandbox must not learn it.
        if (port == Ports.Envd) proxyRequest.Headers.Remove(Headers.ApiKey);
    }
}
