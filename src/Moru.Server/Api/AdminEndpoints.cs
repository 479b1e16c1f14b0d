using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Moru.Protocol;
using Moru.Runtime;

namespace Moru.Server;

/// <summary>What only the administrator may do: make, block and empty teams.</summary>
internal sealed class AdminEndpoints(MoruRuntime runtime)
{
    private const string FirstKeyName = "first key";
    private const int KillsAtATime = 10;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/admin/teams", ListAsync).Accepting(Accepted.AdminToken);
        routes.MapPost("/admin/teams", CreateAsync).Accepting(Accepted.AdminToken);
        routes.MapPatch("/admin/teams/{teamID}", ChangeAsync).Accepting(Accepted.AdminToken);
        routes.MapPost("/admin/teams/{teamID}/sandboxes/kill", KillAsync).Accepting(Accepted.AdminToken);
    }

    private Task ListAsync(HttpContext context) => ApiBody.WriteAsync(
        context, StatusCodes.Status200OK, [.. runtime.Teams.List().Select(team => TeamWire.ToAdmin(team, runtime.Teams))], ApiJson.Default.IReadOnlyListAdminTeam);

    private async Task CreateAsync(HttpContext context)
    {
        var body = await ApiBody.ReadAsync(context, ApiJson.Default.NameBody);
        var team = runtime.Teams.Create(body.Name);
        var (_, key) = runtime.Credentials.Create(team.Id, CredentialKind.ApiKey, FirstKeyName);
        context.Response.Headers.CacheControl = "no-store";
        await ApiBody.WriteAsync(context, StatusCodes.Status201Created, TeamWire.ToCreated(team, key), ApiJson.Default.CreatedTeam);
    }

    private async Task ChangeAsync(HttpContext context)
    {
        var body = await ApiBody.ReadAsync(context, ApiJson.Default.TeamChange);
        var team = runtime.Teams.Change(Id(context), body.Name, body.IsBlocked);
        await ApiBody.WriteAsync(context, StatusCodes.Status200OK, TeamWire.ToAdmin(team, runtime.Teams), ApiJson.Default.AdminTeam);
    }

    /// <summary>Running sandboxes; paused ones stay.</summary>
    private async Task KillAsync(HttpContext context)
    {
        var team = runtime.Teams.Get(Id(context));
        var (killed, failed) = (0, 0);
        var running = runtime.Sandboxes.List(team.Id).Where(sandbox => sandbox.State is SandboxPhase.Running);
        var bound = new ParallelOptions { MaxDegreeOfParallelism = KillsAtATime, CancellationToken = context.RequestAborted };
        await Parallel.ForEachAsync(running, bound, async (sandbox, cancellationToken) =>
        {
            try
            {
                // One that somebody else killed in the meantime is dead as well, but not by this call.
                if (await runtime.Sandboxes.KillAsync(sandbox.Id, EndReason.Killed, cancellationToken)) Interlocked.Increment(ref killed);
            }
            catch (RuntimeException)
            {
                Interlocked.Increment(ref failed);
            }
        });
        await ApiBody.WriteAsync(context, StatusCodes.Status200OK, new KilledSandboxes(killed, failed), ApiJson.Default.KilledSandboxes);
    }

    private static string Id(HttpContext context) => (string)context.GetRouteValue("teamID")!;
}
