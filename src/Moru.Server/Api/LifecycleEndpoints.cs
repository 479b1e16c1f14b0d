using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Moru.Protocol;
using Moru.Runtime;

namespace Moru.Server;

/// <summary>What happens to a sandbox between its start and its end: pause, resume, connect, and its time to live.</summary>
internal sealed class LifecycleEndpoints(MoruRuntime runtime, ServerDomain domain)
{
    private const int LongestRefreshSeconds = 3600;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/sandboxes/{id}/pause", PauseAsync);
        routes.MapPost("/sandboxes/{id}/resume", ResumeAsync);
        routes.MapPost("/sandboxes/{id}/connect", ConnectAsync);
        routes.MapPost("/sandboxes/{id}/timeout", SetTimeoutAsync);
        routes.MapPost("/sandboxes/{id}/refreshes", RefreshAsync);
    }

    private async Task PauseAsync(HttpContext context)
    {
        await runtime.Sandboxes.PauseAsync(Own(context), context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task ResumeAsync(HttpContext context)
    {
        var body = await ApiBody.ReadAsync(context, ApiJson.Default.ResumedSandbox);
        var timeout = body.Timeout is { } seconds ? Wire.ToTimeout(seconds) : (TimeSpan?)null;
        var record = await runtime.Sandboxes.ResumeAsync(Own(context), timeout, body.AutoPause, context.RequestAborted);
        await ApiBody.WriteAsync(context, StatusCodes.Status201Created, Wire.ToAccess(record, domain), ApiJson.Default.SandboxAccess);
    }

    private async Task ConnectAsync(HttpContext context)
    {
        var body = await ApiBody.ReadAsync(context, ApiJson.Default.SandboxTimeout);
        var timeout = Wire.ToTimeout(body.Timeout);
        var (record, resumed) = await runtime.Sandboxes.ConnectAsync(Own(context), timeout, context.RequestAborted);
        var status = resumed ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        await ApiBody.WriteAsync(context, status, Wire.ToAccess(record, domain), ApiJson.Default.SandboxAccess);
    }

    private async Task SetTimeoutAsync(HttpContext context)
    {
        var body = await ApiBody.ReadAsync(context, ApiJson.Default.SandboxTimeout);
        var timeout = Wire.ToTimeout(body.Timeout);
        await runtime.Sandboxes.SetTimeoutAsync(Own(context), timeout, context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task RefreshAsync(HttpContext context)
    {
        var body = await ApiBody.ReadOrAsync(context, new SandboxRefresh(), ApiJson.Default.SandboxRefresh);
        if (body.Duration is < 0 or > LongestRefreshSeconds) throw ApiBody.Invalid($"duration must be 0 to {LongestRefreshSeconds} seconds");
        await runtime.Sandboxes.RefreshAsync(Own(context), TimeSpan.FromSeconds(body.Duration ?? 0), context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private string Own(HttpContext context) => SandboxEndpoints.Own(context, runtime.Sandboxes).Id;
}
