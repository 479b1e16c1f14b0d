using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Moru.Protocol;
using Moru.Runtime;

namespace Moru.Server;

/// <summary>The sandbox endpoints of the control plane, and <c>/health</c>.</summary>
internal sealed class SandboxEndpoints(MoruRuntime runtime, string? domain)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health", context => context.Response.WriteAsync("OK")).WithMetadata(new ApiKeyAuth.Open());
        routes.MapPost("/sandboxes", CreateAsync);
        routes.MapGet("/v2/sandboxes", ListAsync);
        routes.MapGet("/sandboxes/{id}", GetAsync);
        routes.MapDelete("/sandboxes/{id}", KillAsync);
        routes.MapPost("/sandboxes/{id}/timeout", SetTimeoutAsync);
        routes.MapPost("/sandboxes/{id}/connect", ConnectAsync);
    }

    private async Task CreateAsync(HttpContext context)
    {
        var body = await ReadAsync(context, ApiJson.Default.NewSandbox);
        var record = await runtime.Sandboxes.CreateAsync(Wire.ToRequest(body), context.RequestAborted);
        await WriteAsync(context, StatusCodes.Status201Created, Wire.ToAccess(record, domain), ApiJson.Default.SandboxAccess);
    }

    private async Task ListAsync(HttpContext context)
    {
        var query = SandboxQuery.Parse(context.Request.Query);
        var matching = runtime.Sandboxes.List().Where(query.Matches).ToList();
        var (page, next) = query.Page(matching);

        if (query.IncludesRunning)
            context.Response.Headers[Headers.TotalRunning] = matching.Count(record => record.State == SandboxPhase.Running).ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (next is not null) context.Response.Headers[Headers.NextToken] = next;
        await WriteAsync(context, StatusCodes.Status200OK, [.. page.Select(Wire.ToListed)], ApiJson.Default.IReadOnlyListListedSandbox);
    }

    private Task GetAsync(HttpContext context)
    {
        var id = Id(context);
        var record = runtime.Sandboxes.Find(id) ?? throw NotFound(id);
        return WriteAsync(context, StatusCodes.Status200OK, Wire.ToDetail(record, domain), ApiJson.Default.SandboxDetail);
    }

    private async Task KillAsync(HttpContext context)
    {
        var id = Id(context);
        if (!await runtime.Sandboxes.KillAsync(id, EndReason.Killed, context.RequestAborted)) throw NotFound(id);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task SetTimeoutAsync(HttpContext context)
    {
        var body = await ReadAsync(context, ApiJson.Default.SandboxTimeout);
        await runtime.Sandboxes.SetTimeoutAsync(Id(context), Wire.ToTimeout(body.Timeout), context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task ConnectAsync(HttpContext context)
    {
        var body = await ReadAsync(context, ApiJson.Default.SandboxTimeout);
        var record = await runtime.Sandboxes.ConnectAsync(Id(context), Wire.ToTimeout(body.Timeout), context.RequestAborted);
        await WriteAsync(context, StatusCodes.Status200OK, Wire.ToAccess(record, domain), ApiJson.Default.SandboxAccess);
    }

    private static string Id(HttpContext context) => SandboxId.Normalize((string)context.GetRouteValue("id")!);

    private static ApiException NotFound(string id) =>
        new(StatusCodes.Status404NotFound, $"sandbox '{id}' was not found; it does not exist or has ended");

    private static async Task<T> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type)
    {
        if (!context.Request.HasJsonContentType())
            throw new ApiException(StatusCodes.Status400BadRequest, "validation error: the body must be application/json");
        return await JsonSerializer.DeserializeAsync(context.Request.Body, type, context.RequestAborted)
            ?? throw new ApiException(StatusCodes.Status400BadRequest, "validation error: the body must be a JSON object");
    }

    private static Task WriteAsync<T>(HttpContext context, int status, T body, JsonTypeInfo<T> type)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(body, type, "application/json; charset=utf-8", context.RequestAborted);
    }
}
