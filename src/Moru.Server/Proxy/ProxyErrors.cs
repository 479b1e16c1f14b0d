using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Moru.Protocol;

namespace Moru.Server;

/// <summary>Answers of the proxy itself: JSON for programs, a page for browsers. Official clients read a 502 as "this sandbox does not run".</summary>
internal static partial class ProxyErrors
{
    public static Task WriteNotFoundAsync(HttpContext context, SandboxHost target) => WriteAsync(
        context, new ProxyError(target.SandboxId, ProxyAnswers.NotFound, StatusCodes.Status502BadGateway),
        "Sandbox not found", $"There is no running sandbox {target.SandboxId}. It was paused, its time is over, or it never was.");

    public static Task WriteCutOffAsync(HttpContext context, SandboxHost target) => WriteAsync(
        context, new ProxyError(target.SandboxId, ProxyAnswers.CutOff, StatusCodes.Status502BadGateway),
        "Sandbox ended", $"Sandbox {target.SandboxId} was paused or ended before it answered.");

    public static Task WritePortClosedAsync(HttpContext context, SandboxHost target) => WriteAsync(
        context, new ProxyError(target.SandboxId, "The sandbox is running but port is not open", StatusCodes.Status502BadGateway, target.Port),
        "Closed port", $"Sandbox {target.SandboxId} runs, but there is no service running on port {target.Port}. Start one, then load this page again.");

    public static Task WriteNoAnswerAsync(HttpContext context, SandboxHost target) => WriteAsync(
        context, new ProxyError(target.SandboxId, "The service on the port broke off without a valid answer", StatusCodes.Status502BadGateway, target.Port),
        "No answer", $"The service on port {target.Port} of sandbox {target.SandboxId} broke off without a valid answer.");

    public static Task WriteTokenMissingAsync(HttpContext context, SandboxHost target) => WriteForbiddenAsync(
        context, target, $"Sandbox is secured with a traffic access token; header '{TrafficHeader}' is missing");

    public static Task WriteTokenInvalidAsync(HttpContext context, SandboxHost target) => WriteForbiddenAsync(
        context, target, $"Sandbox is secured with a traffic access token; the one in header '{TrafficHeader}' is invalid");

    public static Task WriteTextAsync(HttpContext context, string problem)
    {
        context.Response.StatusCode = StatusCodes.Status400BadRequest;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(problem);
    }

    private static string TrafficHeader => Headers.TrafficToken.ToLowerInvariant();

    private static Task WriteForbiddenAsync(HttpContext context, SandboxHost target, string message) => WriteAsync(
        context, new ProxyError(target.SandboxId, message, StatusCodes.Status403Forbidden), "Access denied", $"{message}. This is port {target.Port} of sandbox {target.SandboxId}.");

    private static Task WriteAsync(HttpContext context, ProxyError error, string title, string text)
    {
        var response = context.Response;
        response.StatusCode = error.Code;
        response.Headers.CacheControl = "no-store";
        if (!Browser().IsMatch(context.Request.Headers.UserAgent.ToString()))
            return response.WriteAsJsonAsync(error, ProxyJson.Default.ProxyError, "application/json; charset=utf-8");

        response.ContentType = "text/html; charset=utf-8";
        response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'";
        return response.WriteAsync(Page(error.Code, title, text));
    }

    private static string Page(int status, string title, string text) => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        <html lang="en">
        <head><meta charset="utf-8"><title>{status} {title}</title></head>
        <body style="font-family: sans-serif; max-width: 40em; margin: 4em auto; padding: 0 1em">
        <h1>{title}</h1>
        <p>{HtmlEncoder.Default.Encode(text)}</p>
        </body>
        </html>
        """);

    [GeneratedRegex("mozilla|chrome|safari|firefox|edge|opera|msie", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Browser();

    internal sealed record ProxyError(string SandboxId, string Message, int Code, int? Port = null);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonSerializable(typeof(ProxyError))]
    internal sealed partial class ProxyJson : JsonSerializerContext;
}
