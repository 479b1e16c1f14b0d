using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Moru.Protocol;
using Moru.Runtime;

namespace Moru.Server;

/// <summary>
/// Finds out who calls, and demands what the endpoint accepts: an API key, unless it says otherwise. Unknown paths are answered before
/// that, bad bodies after.
/// </summary>
internal sealed class Authentication(MoruRuntime runtime, string? adminToken)
{
    private readonly byte[]? adminHash = string.IsNullOrEmpty(adminToken) ? null : Hash(adminToken);

    /// <summary>An endpoint's metadata.</summary>
    internal sealed record Demand(Accepted Accepted);

    public static Demand Open { get; } = new(Accepted.None);

    private static Demand KeyOnly { get; } = new(Accepted.ApiKey);

    public Task IdentifyAsync(HttpContext context, RequestDelegate next)
    {
        context.Features.Set(Identify(context.Request.Headers));
        return next(context);
    }

    public static Task DemandAsync(HttpContext context, RequestDelegate next)
    {
        // Routing has an endpoint of its own that answers 405.
        if (context.GetEndpoint() is not RouteEndpoint endpoint) return next(context);
        var (accepted, caller) = ((endpoint.Metadata.GetMetadata<Demand>() ?? KeyOnly).Accepted, Caller.Of(context));
        if (accepted is Accepted.None) return next(context);
        if ((caller.Proven & accepted) is Accepted.None)
            return ApiErrors.WriteAsync(context, StatusCodes.Status401Unauthorized, Problem(context.Request.Headers, accepted));

        // What an endpoint does not accept proves nothing there.
        caller = accepted.HasFlag(Accepted.AdminToken) && caller.IsAdmin ? new(Accepted.AdminToken, null, null, null) : caller with { Proven = caller.Proven & accepted };
        context.Features.Set(caller);
        return caller.Team is { IsBlocked: true } blocked
            ? ApiErrors.WriteAsync(context, StatusCodes.Status403Forbidden, $"team '{blocked.Name}' is blocked; ask the administrator of this server")
            : next(context);
    }

    private Caller Identify(IHeaderDictionary headers)
    {
        var isAdmin = adminHash is not null && headers[Headers.AdminToken] is [{ Length: > 0 } admin]
            && CryptographicOperations.FixedTimeEquals(Hash(admin), adminHash);
        var proven = isAdmin ? Accepted.AdminToken : Accepted.None;

        if (headers[Headers.ApiKey] is [{ } key] && runtime.Credentials.Recognize(CredentialKind.ApiKey, key) is { } owner)
            return new Caller(proven | Accepted.ApiKey, owner, key, runtime.Teams.Find(owner.TeamId));
        if (Bearer(headers) is { } token && runtime.Credentials.Recognize(CredentialKind.AccessToken, token) is { } holder)
            return new Caller(proven | Accepted.AccessToken, holder, token, runtime.Teams.Find(holder.TeamId));
        return new Caller(proven, null, null, null);
    }

    /// <summary>In the words of the first header that is there and wrong, or else of the first that is missing.</summary>
    private static string Problem(IHeaderDictionary headers, Accepted accepted)
    {
        if (accepted.HasFlag(Accepted.ApiKey) && headers[Headers.ApiKey] is [{ Length: > 0 } key])
            return Problem(Headers.ApiKey, key, CredentialKind.ApiKey, "invalid API key; take the one in the file 'api-key' of the server's data directory, or make one");
        if (accepted.HasFlag(Accepted.AccessToken) && headers.Authorization is [{ Length: > 0 } text])
            return Problem("Authorization", Bearer(headers) ?? text, CredentialKind.AccessToken, "invalid access token; make one with POST /access-tokens");
        if (accepted.HasFlag(Accepted.AdminToken) && headers[Headers.AdminToken] is [{ Length: > 0 }])
            return "invalid admin token; it is what the server has in MORU_ADMIN_TOKEN, and without that there is none";
        return accepted.HasFlag(Accepted.ApiKey) ? Missing(Headers.ApiKey) : accepted.HasFlag(Accepted.AccessToken) ? Missing("Authorization") : Missing(Headers.AdminToken);
    }

    private static string Problem(string header, string presented, CredentialKind kind, string invalid) =>
        presented.StartsWith(Credentials.PrefixOf(kind), StringComparison.Ordinal) ? invalid : $"{header} authorization header is malformed";

    private static string Missing(string header) => $"{header} authorization header is missing";

    private static string? Bearer(IHeaderDictionary headers) =>
        headers.Authorization is [{ } text] && text.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? text["Bearer ".Length..].Trim() : null;

    // Of one length, so that comparing them tells nothing about the length of the secret either.
    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}

internal static class AuthenticationEndpoints
{
    /// <summary>Names the credentials of which one is demanded.</summary>
    public static IEndpointConventionBuilder Accepting(this IEndpointConventionBuilder endpoint, Accepted accepted)
    {
        endpoint.WithMetadata(new Authentication.Demand(accepted));
        return endpoint;
    }
}
