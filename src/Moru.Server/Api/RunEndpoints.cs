using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Moru.Protocol;
using Moru.Runtime;

namespace Moru.Server;

/// <summary><c>GET /v2/sandbox-runs</c>: every sandbox that ran, also after its end.</summary>
internal sealed class RunEndpoints(MoruRuntime runtime)
{
    private static readonly Dictionary<string, SandboxRunStatus> Words = new()
    {
        ["running"] = SandboxRunStatus.Running, ["paused"] = SandboxRunStatus.Paused, ["stopped"] = SandboxRunStatus.Stopped,
    };

    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v2/sandbox-runs", ListAsync);

    private Task ListAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var statuses = Paging.Choice(query["status"], "status", Words);
        var limit = Paging.Limit(query);
        var after = Paging.After(query) is { } last ? new RunPosition(last.Time, last.Id) : null;

        var phases = Enum.GetValues<SandboxPhase>().Where(phase => statuses.Contains(Wire.ToStatus(phase)));
        // One more than asked for tells whether there is a next page.
        var runs = runtime.Sandboxes.ListRuns(Caller.TeamOf(context), phases, after, limit + 1);
        if (runs.Count > limit) context.Response.Headers[Headers.NextToken] = Paging.Token(runs[limit - 1].CreatedAt!.Value, runs[limit - 1].Id);
        return ApiBody.WriteAsync(context, StatusCodes.Status200OK, [.. runs.Take(limit).Select(Wire.ToRun)], ApiJson.Default.IReadOnlyListSandboxRun);
    }
}
