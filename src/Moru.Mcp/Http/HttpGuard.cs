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
        if (!IsHost(host)) return HttpProblem.TurnAwayAsync(context, StatusCodes.Status403Forbidden, $"host '{host}' is not served here; name it with --host");
        if (context.Request.Headers.Origin is not [var origin, ..] origins) return next(context);
        if (origins.Count > 1 || !IsOrigin(origin)) return HttpProblem.TurnAwayAsync(context, StatusCodes.Status403Forbidden, $"origin '{origins}' may not use this server");

        var headers = context.Response.Headers;
        headers.AccessControlAllowOrigin = origin;
        headers.Vary = HeaderNames.Origin;
        headers.AccessControlExposeHeaders = $"{SessionFiles.Header}, WWW-Authenticate";
        if (!HttpMethods.IsOptions(context.Request.Method)) return next(context);

        context.Response.StatusCode = StatusCodes.Status204NoContent;
        headers.AccessControlAllowMethods = "GET, POST, DELETE";
        headers.AccessControlAllowHeaders = AllowedHeaders;
        headers.AccessControlMaxAge = "7200";
        return Task.CompletedTask;
    }

    // A name that an attacker makes lead here stays his name; who asks for an address was led by nobody, and by which addresses
    // a proxy or a container's port is reached is not known here.
    private bool IsHost(string host) => IPAddress.TryParse(host.Trim('[', ']'), out _) || IsNamed(host);

    // Other addresses have pages of others on them, those of sandboxes among them.
    private bool IsOrigin(string? origin) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var from)
        && (from.Scheme == Uri.UriSchemeHttp || from.Scheme == Uri.UriSchemeHttps)
        && from is { UserInfo: "", PathAndQuery: "/", Fragment: "" }
        && ((IPAddress.TryParse(from.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address)) || IsNamed(from.Host));

    // Names below localhost are those of sandboxes, whose pages are strangers here.
    private bool IsNamed(string host) => host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || hosts.Contains(host.Trim('[', ']'), StringComparer.OrdinalIgnoreCase);
}
