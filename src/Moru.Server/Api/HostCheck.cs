using System.Net;
using Microsoft.AspNetCore.Http;

namespace Moru.Server;

/// <summary>
/// Refuses control-plane requests whose Host or Origin is none of ours, so that a web page cannot reach the API under a name
/// that it made to resolve to this machine (DNS rebinding). The unix socket, guarded by its file mode, is exempt.
/// </summary>
internal static class HostCheck
{
    public static Func<HttpContext, RequestDelegate, Task> Middleware(ServerDomain domain) => (context, next) =>
    {
        if (context.Connection.LocalPort == 0) return next(context);
        if (!IsOurs(context.Request.Host.Host, domain))
            return ApiErrors.WriteAsync(context, StatusCodes.Status403Forbidden, $"host '{context.Request.Host.Host}' is not served here");

        string? origin = context.Request.Headers.Origin;
        return origin is null || (Uri.TryCreate(origin, UriKind.Absolute, out var from) && IsOurs(from.Host, domain))
            ? next(context)
            : ApiErrors.WriteAsync(context, StatusCodes.Status403Forbidden, $"origin '{origin}' may not use this API");
    };

    /// <summary>A page that a sandbox serves is not ours, although its name is below our domain.</summary>
    private static bool IsOurs(string host, ServerDomain domain) =>
        IPAddress.TryParse(host.Trim('[', ']'), out _)
        || (!domain.IsSandbox(host) && (domain.IsApi(host) || IsLocalhost(host.AsSpan().TrimEnd('.'))));

    private static bool IsLocalhost(ReadOnlySpan<char> host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);
}
