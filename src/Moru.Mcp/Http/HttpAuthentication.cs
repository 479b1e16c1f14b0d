using System.Collections.Concurrent;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Moru.Protocol;

namespace Moru.Mcp;

/// <summary>
/// Demands an API key of the Moru server, in its own header or as a bearer token, and lets that server judge it. A key that was good is
/// asked about again after half a minute, also while a request goes on, so that a stream ends soon after its key; a bad one after some seconds.
/// </summary>
internal sealed class HttpAuthentication(Backend backend, TimeProvider time) : IDisposable
{
    public const string SessionHeader = "Moru-Session";

    private const int MaxKnown = 10_000;

    // Other keys wait: those of strangers must not take all of the Moru server.
    private const int MaxAsked = 32;
    private const int MaxWaiting = 2_000;

    private static readonly TimeSpan Trust = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Distrust = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, DateTimeOffset> good = [];
    private readonly ConcurrentDictionary<string, (Refusal Refusal, DateTimeOffset Until)> bad = [];
    private readonly ConcurrentDictionary<string, Lazy<Task<Refusal?>>> underway = [];
    private readonly SemaphoreSlim turns = new(MaxAsked);

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (HttpMetadata.IsFor(context.Request.Path))
        {
            await next(context);
            return;
        }

        var names = context.Request.Headers[SessionHeader];
        var session = names is [{ Length: > 0 } name] ? name : "default";
        if (Key(context.Request.Headers) is not { } key)
        {
            await RefuseAsync(context, new(StatusCodes.Status401Unauthorized, $"give an API key in the header {Headers.ApiKey}, or as a bearer token"));
        }
        else if (names.Count > 1 || !SessionName.IsValid(session))
        {
            await RefuseAsync(context, new(StatusCodes.Status400BadRequest, $"{SessionHeader} must be {SessionName.Rule}, and there once"));
        }
        else if (context.Request.Headers[SessionFiles.Header].Count > 1)
        {
            await RefuseAsync(context, new(StatusCodes.Status400BadRequest, $"{SessionFiles.Header} must be there once"));
        }
        else
        {
            await AdmitAsync(context, new HttpOwner(key, session), next);
        }
    }

    public void Dispose() => turns.Dispose();

    private async Task AdmitAsync(HttpContext context, HttpOwner owner, RequestDelegate next)
    {
        if (await RefusalOrDefaultAsync(owner, context.RequestAborted) is { } refusal)
        {
            await RefuseAsync(context, refusal);
            return;
        }

        // The SDK ties a session to this identity, so that nobody uses that of another.
        context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, owner.SessionId)], "ApiKey"));
        context.Features.Set(owner);
        await AnswerAsync(context, next(context), owner);
    }

    private async Task AnswerAsync(HttpContext context, Task answering, HttpOwner owner)
    {
        while (true)
        {
            await answering.WaitAsync(TrustLeft(owner), time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (answering.IsCompleted) break;
            if (await RefusalOrDefaultAsync(owner, CancellationToken.None) is { Status: StatusCodes.Status401Unauthorized }) context.Abort();
        }

        await answering;
    }

    private TimeSpan TrustLeft(HttpOwner owner)
    {
        var left = good.GetValueOrDefault(owner.Name) - time.GetUtcNow();
        return left > Distrust ? left : Distrust;
    }

    /// <returns>Null when the key is good.</returns>
    private async Task<Refusal?> RefusalOrDefaultAsync(HttpOwner owner, CancellationToken cancellationToken)
    {
        if (IsKnown(owner.Name, out var refusal)) return refusal;
        if (underway.Count >= MaxWaiting) return new(StatusCodes.Status503ServiceUnavailable, "too many keys are being looked at; try again in a moment");
        // Requests with one key wait for the same answer.
        return await underway.GetOrAdd(owner.Name, _ => new(() => AskInTurnAsync(owner.Name, owner.ApiKey))).Value.WaitAsync(cancellationToken);
    }

    private async Task<Refusal?> AskInTurnAsync(string owner, string key)
    {
        await turns.WaitAsync();
        try
        {
            return await AskAsync(owner, key);
        }
        finally
        {
            turns.Release();
            underway.TryRemove(owner, out _);
        }
    }

    private bool IsKnown(string owner, out Refusal? refusal)
    {
        var now = time.GetUtcNow();
        refusal = bad.TryGetValue(owner, out var known) && known.Until > now ? known.Refusal : null;
        return refusal is not null || good.GetValueOrDefault(owner) > now;
    }

    private async Task<Refusal?> AskAsync(string owner, string key)
    {
        try
        {
            using var client = await backend.ConnectAsync(key, CancellationToken.None);
            await client.ListSandboxPageAsync(new SandboxQuery { PageSize = 1 });
            if (good.Count >= MaxKnown) good.Clear();
            good[owner] = time.GetUtcNow() + Trust;
            return null;
        }
        catch (AuthenticationException error)
        {
            good.TryRemove(owner, out _);
            if (bad.Count >= MaxKnown) bad.Clear();
            var refusal = new Refusal(StatusCodes.Status401Unauthorized, error.Message, "invalid_token");
            bad[owner] = (refusal, time.GetUtcNow() + Distrust);
            return refusal;
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
        return HttpProblem.TurnAwayAsync(context, refusal.Status, refusal.Message);
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
/// <param name="Session">Name of the session that it works in.</param>
internal sealed record HttpOwner(string ApiKey, string Session)
{
    /// <summary>Who presents the key, as a name that is safe to write down.</summary>
    public string Name { get; } = SessionName.Owner(ApiKey);

    /// <summary>Name of the session among those of others; it tells nothing of the key.</summary>
    public string SessionId => $"{Name}:{Session}";
}
