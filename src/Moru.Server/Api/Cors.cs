using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Moru.Protocol;

namespace Moru.Server;

/// <summary>Lets the pages that <see cref="HostCheck"/> admits use the API from a browser, and read its paging headers.</summary>
internal static class Cors
{
    private const string Methods = "GET, POST, PUT, PATCH, DELETE";

    private const string Allowed =
        "Origin, Content-Length, Content-Type, User-Agent, Authorization, X-API-Key, X-Supabase-Token, X-Supabase-Team, "
        + "browser, lang, lang_version, machine, os, package_version, processor, publisher, release, sdk_runtime, system";

    public static Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        string? origin = context.Request.Headers.Origin;
        if (origin is null) return next(context);

        // At the last moment: an error clears the headers that were set before.
        context.Response.OnStarting(() =>
        {
            var headers = context.Response.Headers;
            headers.AccessControlAllowOrigin = origin;
            headers.Vary = HeaderNames.Origin;
            headers.AccessControlExposeHeaders = $"{Headers.NextToken}, {Headers.TotalRunning}";
            return Task.CompletedTask;
        });
        return IsPreflight(context.Request) ? Preflight(context.Response) : next(context);
    }

    private static bool IsPreflight(HttpRequest request) =>
        HttpMethods.IsOptions(request.Method) && request.Headers.ContainsKey(HeaderNames.AccessControlRequestMethod);

    private static Task Preflight(HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status204NoContent;
        response.Headers.AccessControlAllowMethods = Methods;
        response.Headers.AccessControlAllowHeaders = Allowed;
        response.Headers.AccessControlMaxAge = "7200";
        return Task.CompletedTask;
    }
}
