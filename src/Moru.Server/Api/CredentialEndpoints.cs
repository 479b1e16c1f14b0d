using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Moru.Protocol;
using Moru.Runtime;

namespace Moru.Server;

/// <summary>API keys and access tokens of a team, for whoever has a key of it, and for the administrator, who names it by <c>teamID</c>.</summary>
internal sealed class CredentialEndpoints(MoruRuntime runtime)
{
    private const Accepted Allowed = Accepted.ApiKey | Accepted.AdminToken;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api-keys", ListKeysAsync).Accepting(Allowed);
        routes.MapPost("/api-keys", CreateKeyAsync).Accepting(Allowed);
        routes.MapPatch("/api-keys/{id}", RenameKeyAsync).Accepting(Allowed);
        routes.MapDelete("/api-keys/{id}", context => DeleteAsync(context, CredentialKind.ApiKey)).Accepting(Allowed);
        routes.MapGet("/access-tokens", ListTokensAsync).Accepting(Allowed);
        routes.MapPost("/access-tokens", CreateTokenAsync).Accepting(Allowed);
        routes.MapDelete("/access-tokens/{id}", context => DeleteAsync(context, CredentialKind.AccessToken)).Accepting(Allowed);
    }

    private Task ListKeysAsync(HttpContext context) => ApiBody.WriteAsync(
        context, StatusCodes.Status200OK, [.. List(context, CredentialKind.ApiKey).Select(TeamWire.ToKey)], ApiJson.Default.IReadOnlyListTeamApiKey);

    private Task ListTokensAsync(HttpContext context) => ApiBody.WriteAsync(
        context, StatusCodes.Status200OK, [.. List(context, CredentialKind.AccessToken).Select(TeamWire.ToToken)], ApiJson.Default.IReadOnlyListAccessToken);

    private async Task CreateKeyAsync(HttpContext context)
    {
        var (made, key) = await CreateAsync(context, CredentialKind.ApiKey);
        await ApiBody.WriteAsync(context, StatusCodes.Status201Created, TeamWire.ToCreatedKey(made, key), ApiJson.Default.CreatedTeamApiKey);
    }

    private async Task CreateTokenAsync(HttpContext context)
    {
        var (made, token) = await CreateAsync(context, CredentialKind.AccessToken);
        await ApiBody.WriteAsync(context, StatusCodes.Status201Created, TeamWire.ToCreatedToken(made, token), ApiJson.Default.CreatedAccessToken);
    }

    private async Task RenameKeyAsync(HttpContext context)
    {
        var id = Id(context);
        var body = await ApiBody.ReadAsync(context, ApiJson.Default.NameBody);
        if (!runtime.Credentials.Rename(Team(context), CredentialKind.ApiKey, id, body.Name)) throw NotFound(CredentialKind.ApiKey, id);
    }

    private Task DeleteAsync(HttpContext context, CredentialKind kind)
    {
        var id = Id(context);
        if (!runtime.Credentials.Delete(Team(context), kind, id)) throw NotFound(kind, id);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private async Task<(Credential Made, string Secret)> CreateAsync(HttpContext context, CredentialKind kind)
    {
        var body = await ApiBody.ReadAsync(context, ApiJson.Default.NameBody);
        // A secret must not stay behind in a cache.
        context.Response.Headers.CacheControl = "no-store";
        return runtime.Credentials.Create(Team(context), kind, body.Name);
    }

    private IReadOnlyList<Credential> List(HttpContext context, CredentialKind kind) => runtime.Credentials.List(Team(context), kind);

    private string Team(HttpContext context) => Caller.TeamOrNamed(context, runtime.Teams);

    private static string Id(HttpContext context) =>
        Guid.TryParse((string)context.GetRouteValue("id")!, out var id) ? id.ToString() : throw ApiBody.Invalid("the id must be a UUID");

    private static ApiException NotFound(CredentialKind kind, string id) => new(
        StatusCodes.Status404NotFound, $"the team has no {(kind is CredentialKind.ApiKey ? "API key" : "access token")} '{id}'");
}
