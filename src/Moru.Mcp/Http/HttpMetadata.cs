using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Moru.Mcp;

/// <summary>The metadata of a protected resource (RFC 9728), which tells a client that was refused how to present its key.</summary>
internal static class HttpMetadata
{
    private const string Root = "/.well-known/oauth-protected-resource";

    public static bool IsFor(PathString path) => path == Root || path == Root + HttpFace.Path;

    public static string UrlFor(HttpRequest request) => $"{Origin(request)}{Root}{HttpFace.Path}";

    public static void Map(WebApplication app)
    {
        foreach (var path in (string[])[Root, Root + HttpFace.Path])
            app.MapGet(path, context =>
            {
                context.Response.ContentType = "application/json";
                return context.Response.WriteAsync(Describe(context.Request), context.RequestAborted);
            });
    }

    // Without authorization servers: a token is an API key of the Moru server, and nobody else issues those.
    private static string Describe(HttpRequest request) => new JsonObject
    {
        ["resource"] = Origin(request) + HttpFace.Path,
        ["resource_name"] = "Moru sandboxes",
        ["bearer_methods_supported"] = new JsonArray("header"),
    }.ToJsonString();

    // A proxy with TLS before it says so; whoever lies there misleads nobody but itself.
    private static string Origin(HttpRequest request) => $"{(request.Headers["X-Forwarded-Proto"] is ["https"] ? "https" : request.Scheme)}://{request.Host}";
}
