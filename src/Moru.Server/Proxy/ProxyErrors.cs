using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Moru.Protocol;

namespace Moru.Server;

/// <summary>Answers of the proxy itself. Official clients read a 502 as "this sandbox does not run".</summary>
internal static partial class ProxyErrors
{
    public static Task WriteNotFoundAsync(HttpContext context, SandboxHost target) =>
        WriteAsync(context, new ProxyError(target.SandboxId, "The sandbox was not found", StatusCodes.Status502BadGateway));

    public static Task WritePortClosedAsync(HttpContext context, SandboxHost target) =>
        WriteAsync(context, new ProxyError(target.SandboxId, "The sandbox is running but port is not open", StatusCodes.Status502BadGateway, target.Port));

    public static Task WriteTextAsync(HttpContext context, string problem)
    {
        context.Response.StatusCode = StatusCodes.Status400BadRequest;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(problem);
    }

    private static Task WriteAsync(HttpContext context, ProxyError error)
    {
        context.Response.StatusCode = error.Code;
        return context.Response.WriteAsJsonAsync(error, ProxyJson.Default.ProxyError);
    }

    internal sealed record ProxyError(string SandboxId, string Message, int Code, int? Port = null);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonSerializable(typeof(ProxyError))]
    internal sealed partial class ProxyJson : JsonSerializerContext;
}
