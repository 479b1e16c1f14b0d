using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Moru.Protocol;
using Yarp.ReverseProxy.Forwarder;

namespace Moru.Server;

/// <summary>Passes a request on as it came: same path to the byte, same Host unless it is masked, no added headers, no credential of ours.</summary>
internal sealed class SandboxTransformer(int port, string? mask) : HttpTransformer
{
    private const string ForwardedHost = "X-Forwarded-Host";

    private static readonly UriCreationOptions AsWritten = new() { DangerousDisablePathAndQueryCanonicalization = true };

    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        if (RawTargetOrDefault(httpContext) is { } target) proxyRequest.RequestUri = new Uri(destinationPrefix.TrimEnd('/') + target, AsWritten);
        var host = httpContext.Request.Host.Value;
        proxyRequest.Headers.Host = host;
        proxyRequest.Headers.Remove(Headers.TrafficToken);

        if (port == Ports.Envd)
        {
            // Some clients send the control-plane key with every request; the sandbox must not learn it.
            proxyRequest.Headers.Remove(Headers.ApiKey);
        }
        else if (mask is not null)
        {
            proxyRequest.Headers.Host = mask.Replace("${PORT}", port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
            proxyRequest.Headers.Remove(ForwardedHost);
            proxyRequest.Headers.TryAddWithoutValidation(ForwardedHost, host);
        }
    }

    /// <summary>Servers that verify signed URLs need the path as it was written. One with characters that no path may have is encoded anew.</summary>
    private static string? RawTargetOrDefault(HttpContext context) =>
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget is ['/', ..] target && !target.AsSpan().ContainsAnyExceptInRange('!', '~') ? target : null;
}
