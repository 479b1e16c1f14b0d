using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Moru.Protocol;
using Moru.Runtime;

namespace Moru.Server;

/// <summary>What a caller may know of the own team.</summary>
internal sealed class TeamEndpoints(MoruRuntime runtime)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/teams", ListAsync).Accepting(Accepted.ApiKey | Accepted.AccessToken);
        routes.MapGet("/teams/{teamID}/metrics", MetricsAsync);
        routes.MapGet("/teams/{teamID}/metrics/max", MaxAsync);
    }

    /// <summary>A credential belongs to one team, which is therefore the list. No call makes a second key.</summary>
    private Task ListAsync(HttpContext context)
    {
        var caller = Caller.Of(context);
        var key = caller.Credential!.Kind is CredentialKind.ApiKey ? caller.Presented! : runtime.Credentials.KeyOf(caller.Credential, caller.Presented!);
        // A secret must not stay behind in a cache.
        context.Response.Headers.CacheControl = "no-store";
        return ApiBody.WriteAsync(context, StatusCodes.Status200OK, [TeamWire.ToTeam(caller.Team!, key)], ApiJson.Default.IReadOnlyListTeamWithKey);
    }

    private Task MetricsAsync(HttpContext context) => ApiBody.WriteAsync(
        context, StatusCodes.Status200OK, [.. Samples(context).Samples.Select(TeamWire.ToMetric)], ApiJson.Default.IReadOnlyListTeamMetric);

    private Task MaxAsync(HttpContext context)
    {
        string? metric = context.Request.Query["metric"];
        Func<TeamSample, double> value = metric switch
        {
            "concurrent_sandboxes" => sample => sample.ConcurrentSandboxes,
            "sandbox_start_rate" => sample => sample.StartRate,
            _ => throw ApiBody.Invalid("metric must be concurrent_sandboxes or sandbox_start_rate"),
        };
        var (samples, end) = Samples(context);
        var most = samples.MaxBy(value);
        return ApiBody.WriteAsync(
            context, StatusCodes.Status200OK, TeamWire.ToMax(most?.At ?? end, most is null ? 0 : value(most)), ApiJson.Default.MaxTeamMetric);
    }

    private (IReadOnlyList<TeamSample> Samples, DateTimeOffset End) Samples(HttpContext context)
    {
        var team = (string)context.GetRouteValue("teamID")!;
        if (team != Caller.TeamOf(context)) throw new ApiException(StatusCodes.Status403Forbidden, $"the API key is not of team '{team}'");
        var (start, end) = (Time(context, "start"), Time(context, "end"));
        return (runtime.TeamMetrics.Load(team, start, end), end ?? runtime.Time.GetUtcNow());
    }

    private static DateTimeOffset? Time(HttpContext context, string name)
    {
        string? text = context.Request.Query[name];
        if (string.IsNullOrEmpty(text)) return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : throw ApiBody.Invalid($"{name} must be a time in seconds since 1970");
    }
}
