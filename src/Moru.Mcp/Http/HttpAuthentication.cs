using System.Collections.Concurrent;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Moru.Protocol;

namespace Moru.Mcp;

/// <summary>
/// Demands an API key of the Moru server, in its own header or as a bearer token, and lets that server judge it. A key that was good is
/// not asked about again for half a minute.
/// </summary>
internal sealed class HttpAuthentication(Backend backend, TimeProvider time)
{
    public const string SessionHeader = "Moru-Session";

    private const int MaxKnown = 10_000;

    private static readonly TimeSpan Trust = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, DateTimeOffset> goodUntil = [];

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (HttpMetadata.IsFor(context.Request.Path))
        {
            await next(context);
            return;
        }

        var session = context.Request.Headers[SessionHeader] is [{ Length: > 0 } name] ? name : "default";
        if (Key(context.Request.Headers) is not { } key)
        {
            await RefuseAsync(context, new(StatusCodes.Status401Unauthorized, $"give an API key in the header {Headers.ApiKey}, or as a bearer token"));
        }
        else if (!SessionName.IsValid(session))
        {
            await RefuseAsync(context, new(StatusCodes.Status400BadRequest, $"{SessionHeader} must be {SessionName.Rule}"));
        }
        else if (await RefusalOrDefaultAsync(key, context.RequestAborted) is { } refusal)
        {
            await RefuseAsync(context, refusal);
        }
        else
        {
            // The SDK ties a session to this identity, so that nobody uses that of another.
            var id = SessionName.Of(key, session);
            context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, id)], "ApiKey"));
            context.Features.Set(new HttpOwner(key, id));
            await next(context);
        }
    }

    /// <returns>Null when the key is good.</returns>
    private async Task<Refusal?> RefusalOrDefaultAsync(string key, CancellationToken cancellationToken)
    {
        var owner = SessionName.Owner(key);
        if (goodUntil.TryGetValue(owner, out var until) && until > time.GetUtcNow()) return null;
        try
        {
            using var client = await backend.ConnectAsync(key, cancellationToken);
            await client.ListSandboxPageAsync(new SandboxQuery { PageSize = 1 }, cancellationToken);
            if (goodUntil.Count >= MaxKnown) goodUntil.Clear();
            goodUntil[owner] = time.GetUtcNow() + Trust;
            return null;
        }
        catch (AuthenticationException error)
        {
            goodUntil.TryRemove(owner, out _);
            return new(StatusCodes.Status401Unauthorized, error.Message, "invalid_token");
        }
        catch (RateLimitException error)
        {
            return new(StatusCodes.Status429TooManyRequests, error.Message);
        }
        catch (ServerUnreachableException error)
        {
            return new(StatusCodes.Status503ServiceUnavailable, error.Message);
        }
        catch (SandboxException error)
        {
            return new(StatusCodes.Status502BadGateway, error.Message);
        }
    }

    private static Task RefuseAsync(HttpContext context, Refusal refusal)
    {
        if (refusal.Status == StatusCodes.Status401Unauthorized)
            context.Response.Headers.WWWAuthenticate = $"Bearer {(refusal.Error is { } error ? $"error=\"{error}\", " : "")}resource_metadata=\"{HttpMetadata.UrlFor(context.Request)}\"";
        return HttpProblem.WriteAsync(context, refusal.Status, refusal.Message);
    }

    private static string? Key(IHeaderDictionary headers)
    {
        if (headers[Headers.ApiKey] is [{ Length: > 0 } key]) return key;
        return headers.Authorization is [{ } text] && text.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) && text["Bearer ".Length..].Trim() is { Length: > 0 } token ? token : null;
    }

    /// <param name="Status">Of the answer.</param>
    /// <param name="Message">Why.</param>
    /// <param name="Error">What is wrong with a bearer token (RFC 6750); null: there was none.</param>
    private sealed record Refusal(int Status, string Message, string? Error = null);
}

/// <summary>Whose request it is.</summary>
/// <param name="ApiKey">The key it came with.</param>
/// <param name="SessionId">Name of the session that it works in, unique to the key.</param>
internal sealed record HttpOwner(string ApiKey, string SessionId);
