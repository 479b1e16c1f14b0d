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
        if (Key(context.Request.Headers) is not { } key) await ChallengeAsync(context, $"give an API key in the header {Headers.ApiKey}, or as a bearer token");
        else if (!SessionName.IsValid(session)) await HttpProblem.WriteAsync(context, StatusCodes.Status400BadRequest, $"{SessionHeader} must be {SessionName.Rule}");
        else if (await RefusalAsync(context, key) is { } refusal) await refusal;
        else
        {
            // The SDK ties a session to this identity, so that nobody uses that of another.
            var id = SessionName.Of(key, session);
            context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, id)], "ApiKey"));
            context.Features.Set(new HttpOwner(key, id));
            await next(context);
        }
    }

    private async Task<Task?> RefusalAsync(HttpContext context, string key)
    {
        var owner = SessionName.Owner(key);
        if (goodUntil.TryGetValue(owner, out var until) && until > time.GetUtcNow()) return null;
        try
        {
            using var client = await backend.ConnectAsync(key, context.RequestAborted);
            await client.ListSandboxPageAsync(new SandboxQuery { PageSize = 1 }, context.RequestAborted);
            if (goodUntil.Count >= MaxKnown) goodUntil.Clear();
            goodUntil[owner] = time.GetUtcNow() + Trust;
            return null;
        }
        catch (AuthenticationException error)
        {
            goodUntil.TryRemove(owner, out _);
            return ChallengeAsync(context, error.Message, "invalid_token");
        }
        catch (RateLimitException error)
        {
            return HttpProblem.WriteAsync(context, StatusCodes.Status429TooManyRequests, error.Message);
        }
        catch (ServerUnreachableException error)
        {
            return HttpProblem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, error.Message);
        }
        catch (SandboxException error)
        {
            return HttpProblem.WriteAsync(context, StatusCodes.Status403Forbidden, error.Message);
        }
    }

    private static Task ChallengeAsync(HttpContext context, string message, string? error = null)
    {
        context.Response.Headers.WWWAuthenticate = $"Bearer {(error is null ? "" : $"error=\"{error}\", ")}resource_metadata=\"{HttpMetadata.UrlFor(context.Request)}\"";
        return HttpProblem.WriteAsync(context, StatusCodes.Status401Unauthorized, message);
    }

    private static string? Key(IHeaderDictionary headers)
    {
        if (headers[Headers.ApiKey] is [{ Length: > 0 } key]) return key;
        return headers.Authorization is [{ } text] && text.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) && text["Bearer ".Length..].Trim() is { Length: > 0 } token ? token : null;
    }
}

/// <summary>Whose request it is.</summary>
/// <param name="ApiKey">The key it came with.</param>
/// <param name="SessionId">Name of the session that it works in, unique to the key.</param>
internal sealed record HttpOwner(string ApiKey, string SessionId);
