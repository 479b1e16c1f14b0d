using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Moru.Mcp;

/// <summary>
/// Refuses requests whose Host or Origin is not this server's or this machine's, which is how web pages reach servers that never meant to
/// be on the web, and lets the pages that remain, such as a local inspector's, use the server from a browser.
/// </summary>
internal sealed class HttpGuard(IReadOnlyList<string> hosts)
{
    private const string AllowedHeaders =
        "Accept, Authorization, Content-Type, Last-Event-ID, Mcp-Method, Mcp-Name, Mcp-Param-Sandbox-Id, MCP-Protocol-Version, Mcp-Session-Id, Moru-Session, X-API-Key";

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var host = context.Request.Host.Host;
        if (!IsOurs(host)) return HttpProblem.WriteAsync(context, StatusCodes.Status403Forbidden, $"host '{host}' is not served here; name it with --host");
        if (context.Request.Headers.Origin is not [{ } origin]) return next(context);
        if (!Uri.TryCreate(origin, UriKind.Absolute, out var from) || !IsOurs(from.Host))
            return HttpProblem.WriteAsync(context, StatusCodes.Status403Forbidden, $"origin '{origin}' may not use this server");

        var headers = context.Response.Headers;
        headers.AccessControlAllowOrigin = origin;
        headers.Vary = HeaderNames.Origin;
        headers.AccessControlExposeHeaders = "Mcp-Session-Id, WWW-Authenticate";
        if (!HttpMethods.IsOptions(context.Request.Method)) return next(context);

        context.Response.StatusCode = StatusCodes.Status204NoContent;
        headers.AccessControlAllowMethods = "GET, POST, DELETE";
        headers.AccessControlAllowHeaders = AllowedHeaders;
        headers.AccessControlMaxAge = "7200";
        return Task.CompletedTask;
    }

    // Names below localhost are those of sandboxes, whose pages are strangers here.
    private bool IsOurs(string host) =>
        IPAddress.TryParse(host.Trim('[', ']'), out _)
        || host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || hosts.Contains(host, StringComparer.OrdinalIgnoreCase);
}
