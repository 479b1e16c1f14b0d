using System.Net;
using Microsoft.AspNetCore.Http;

namespace Moru.Server;

/// <summary>
/// Refuses control-plane requests whose Host or Origin is none of ours, so that a web page cannot reach the API under a name
/// that it made to resolve to this machine (DNS rebinding). The unix socket, guarded by its file mode, is exempt.
/// </summary>
internal static class HostCheck
{
    public static Func<HttpContext, RequestDelegate, Task> Middleware(string? domain) => (context, next) =>
    {
        if (context.Connection.LocalPort == 0) return next(context);
        if (!IsOurs(context.Request.Host.Host, domain))
            return ApiErrors.WriteAsync(context, StatusCodes.Status403Forbidden, $"host '{context.Request.Host.Host}' is not served here");

        string? origin = context.Request.Headers.Origin;
        return origin is null || (Uri.TryCreate(origin, UriKind.Absolute, out var from) && IsOurs(from.Host, domain))
            ? next(context)
            : ApiErrors.WriteAsync(context, StatusCodes.Status403Forbidden, $"origin '{origin}' may not use this API");
    };

    private static bool IsOurs(string host, string? domain) =>
        IPAddress.TryParse(host.Trim('[', ']'), out _)
        || Is(host, "localhost") || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (domain is not null && (Is(host, Name(domain)) || Is(host, "api." + Name(domain))));

    private static string Name(string domain) => new HostString(domain).Host;

    private static bool Is(string host, string name) => host.Equals(name, StringComparison.OrdinalIgnoreCase);
}
