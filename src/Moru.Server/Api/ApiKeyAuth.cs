using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Moru.Protocol;
using Moru.Runtime;

namespace Moru.Server;

/// <summary>Demands an API key of every endpoint that is not marked open. Unknown paths are answered before, bad bodies after.</summary>
internal static class ApiKeyAuth
{
    public static Func<HttpContext, RequestDelegate, Task> Middleware(ApiKeys keys) => (context, next) =>
    {
        if (context.GetEndpoint() is not { } endpoint || endpoint.Metadata.GetMetadata<Open>() is not null) return next(context);

        string? presented = context.Request.Headers[Headers.ApiKey];
        if (string.IsNullOrEmpty(presented))
            return ApiErrors.WriteAsync(context, StatusCodes.Status401Unauthorized, $"{Headers.ApiKey} authorization header is missing");
        return keys.IsValid(presented)
            ? next(context)
            : ApiErrors.WriteAsync(context, StatusCodes.Status401Unauthorized, "invalid API key; take the one in the file 'api-key' of the server's data directory");
    };

    /// <summary>Marks an endpoint that needs no key.</summary>
    internal sealed class Open;
}
