using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Moru.Protocol;
using Moru.Runtime;

namespace Moru.Server;

/// <summary>Creating, finding and killing sandboxes.</summary>
internal sealed class SandboxEndpoints(MoruRuntime runtime, ServerDomain domain)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/sandboxes", CreateAsync).Using(Quota.Creations);
        routes.MapGet("/sandboxes", ListRunningAsync);
        routes.MapGet("/v2/sandboxes", ListAsync);
        routes.MapGet("/sandboxes/{id}", GetAsync);
        routes.MapDelete("/sandboxes/{id}", KillAsync);
    }

    private async Task CreateAsync(HttpContext context)
    {
        var body = await ApiBody.ReadAsync(context, ApiJson.Default.NewSandbox);
        var record = await runtime.Sandboxes.CreateAsync(Wire.ToRequest(body) with { TeamId = Caller.TeamOf(context) }, context.RequestAborted);
        await ApiBody.WriteAsync(context, StatusCodes.Status201Created, Wire.ToAccess(record, domain), ApiJson.Default.SandboxAccess);
    }

    private Task ListRunningAsync(HttpContext context)
    {
        var metadata = MetadataFilter.Parse(context.Request.Query["metadata"]);
        var running = runtime.Sandboxes.List(Caller.TeamOf(context)).Where(record => record.State is SandboxPhase.Running && metadata.Matches(record));
        return ApiBody.WriteAsync(context, StatusCodes.Status200OK, [.. running.Select(Wire.ToListed)], ApiJson.Default.IReadOnlyListListedSandbox);
    }

    private async Task ListAsync(HttpContext context)
    {
        var query = SandboxQuery.Parse(context.Request.Query);
        var matching = runtime.Sandboxes.List(Caller.TeamOf(context)).Where(query.Matches).ToList();
        var (page, next) = query.Page(matching);

        if (query.IncludesRunning)
            context.Response.Headers[Headers.TotalRunning] = matching.Count(record => record.State is SandboxPhase.Running).ToString(CultureInfo.InvariantCulture);
        if (next is not null) context.Response.Headers[Headers.NextToken] = next;
        await ApiBody.WriteAsync(context, StatusCodes.Status200OK, [.. page.Select(Wire.ToListed)], ApiJson.Default.IReadOnlyListListedSandbox);
    }

    private Task GetAsync(HttpContext context)
    {
        var record = Own(context, runtime.Sandboxes);
        return ApiBody.WriteAsync(context, StatusCodes.Status200OK, Wire.ToDetail(record, domain), ApiJson.Default.SandboxDetail);
    }

    private async Task KillAsync(HttpContext context)
    {
        var id = Own(context, runtime.Sandboxes).Id;
        if (!await runtime.Sandboxes.KillAsync(id, EndReason.Killed, context.RequestAborted)) throw NotFound(id);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    /// <summary>The sandbox that the path names. One of another team does not exist for the caller.</summary>
    public static SandboxRecord Own(HttpContext context, Sandboxes sandboxes)
    {
        var id = SandboxId.Normalize((string)context.GetRouteValue("id")!);
        return sandboxes.Find(Caller.TeamOf(context), id) ?? throw NotFound(id);
    }

    private static ApiException NotFound(string id) =>
        new(StatusCodes.Status404NotFound, $"sandbox '{id}' was not found; it does not exist or has ended");
}
