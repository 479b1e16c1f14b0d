using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Moru.Protocol;
using Moru.Runtime;

namespace Moru.Server;

/// <summary>What an endpoint uses up besides a request.</summary>
internal enum Quota
{
    Creations,
    Builds,
}

/// <summary>
/// How often each team may call, and create: a bucket each that fills up evenly. Who proves no team is counted by address. Buckets
/// that are full again are forgotten, so that they need room only while they are in use.
/// </summary>
internal sealed class RateLimits(MoruRuntime runtime, int anonymousPerMinute, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly PartitionedRateLimiter<Allowance> buckets =
        PartitionedRateLimiter.Create<Allowance, string>(allowance => RateLimitPartition.GetTokenBucketLimiter(allowance.Key, _ => allowance.ToOptions()));

    /// <summary>An endpoint's metadata.</summary>
    internal sealed record Uses(Quota Quota);

    /// <summary>Counts the request and says so in the answer, whatever that is.</summary>
    public Task CountAsync(HttpContext context, RequestDelegate next)
    {
        var allowance = RequestsOf(context);
        using var lease = buckets.AttemptAcquire(allowance);
        context.Features.Set(new Outcome(lease.IsAcquired ? null : RetryAfter(lease)));

        var left = buckets.GetStatistics(allowance)?.CurrentAvailablePermits ?? 0;
        var full = time.GetUtcNow() + allowance.Window * ((double)(allowance.Limit - left) / allowance.Limit);
        // At the last moment: an error clears the headers that were set before.
        context.Response.OnStarting(() =>
        {
            var headers = context.Response.Headers;
            headers[Headers.RateLimit] = Text(allowance.Limit);
            headers[Headers.RateLimitRemaining] = Text(left);
            headers[Headers.RateLimitReset] = Text((long)Math.Ceiling(full.ToUnixTimeMilliseconds() / 1000.0));
            return Task.CompletedTask;
        });
        return next(context);
    }

    /// <summary>Refuses what was one too many. Apart from counting, so that a page may read the answer.</summary>
    public Task RefuseAsync(HttpContext context, RequestDelegate next) =>
        context.Features.Get<Outcome>()?.RetryAfter is { } wait ? RefuseAsync(context, RequestsOf(context), "requests", wait) : next(context);

    /// <summary>For the endpoints that use more than a request. Follows authentication.</summary>
    public Task SpendAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<Uses>() is not { } uses) return next(context);

        var team = Caller.TeamOf(context);
        var limits = runtime.Teams.LimitsOf(team);
        var (allowance, what) = uses.Quota is Quota.Creations
            ? (new Allowance("creations:" + team, limits.CreationsPerMinute, Minute), "new sandboxes")
            : (new Allowance("builds:" + team, limits.BuildsPerHour, Hour), "template builds");
        using var lease = buckets.AttemptAcquire(allowance);
        return lease.IsAcquired ? next(context) : RefuseAsync(context, allowance, what, RetryAfter(lease));
    }

    public void Dispose() => buckets.Dispose();

    private Allowance RequestsOf(HttpContext context) => Caller.Of(context) switch
    {
        { Team: { } team } => new("requests:" + team.Id, runtime.Teams.LimitsOf(team.Id).RequestsPerMinute, Minute),
        { IsAdmin: true } => new("admin", runtime.Options.Limits.RequestsPerMinute, Minute),
        _ => new("address:" + NetworkOf(context.Connection.RemoteIpAddress), anonymousPerMinute, Minute),
    };

    /// <summary>One who has an IPv6 address has the 64 bits below it as well.</summary>
    internal static string NetworkOf(IPAddress? remote) => remote switch
    {
        null => "socket",
        { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false } address => new IPAddress([.. address.GetAddressBytes()[..8], .. new byte[8]]).ToString(),
        var address => address.MapToIPv4().ToString(),
    };

    private static Task RefuseAsync(HttpContext context, Allowance allowance, string what, TimeSpan wait)
    {
        var seconds = Text((long)Math.Max(1, Math.Ceiling(wait.TotalSeconds)));
        context.Response.OnStarting(() =>
        {
            context.Response.Headers.RetryAfter = seconds;
            return Task.CompletedTask;
        });
        return ApiErrors.WriteAsync(
            context, StatusCodes.Status429TooManyRequests,
            $"Rate limit exceeded: {allowance.Limit} {what} in {(allowance.Window == Hour ? "an hour" : "a minute")}. Try again in {seconds} s.");
    }

    private static TimeSpan RetryAfter(RateLimitLease lease) => lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : TimeSpan.FromSeconds(1);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private sealed record Outcome(TimeSpan? RetryAfter);

    /// <summary>So many in a window of time, all at once or spread over it.</summary>
    private readonly record struct Allowance(string Key, int Limit, TimeSpan Window)
    {
        // The limiter looks at its buckets ten times a second.
        private static readonly TimeSpan ShortestPeriod = TimeSpan.FromMilliseconds(100);

        public TokenBucketRateLimiterOptions ToOptions()
        {
            var perPeriod = (int)Math.Ceiling(ShortestPeriod / (Window / Limit));
            return new() { TokenLimit = Limit, ReplenishmentPeriod = Window * perPeriod / Limit, TokensPerPeriod = perPeriod, QueueLimit = 0 };
        }
    }
}

internal static class RateLimitEndpoints
{
    /// <summary>Says what a call uses up besides a request.</summary>
    public static IEndpointConventionBuilder Using(this IEndpointConventionBuilder endpoint, Quota quota)
    {
        endpoint.WithMetadata(new RateLimits.Uses(quota));
        return endpoint;
    }
}
