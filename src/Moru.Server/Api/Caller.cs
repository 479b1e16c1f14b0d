using Microsoft.AspNetCore.Http;
using Moru.Runtime;

namespace Moru.Server;

/// <summary>Credentials that an endpoint may accept.</summary>
[Flags]
internal enum Accepted
{
    None = 0,
    ApiKey = 1,
    AccessToken = 2,
    AdminToken = 4,
}

/// <summary>Who a request comes from, as far as its headers prove it.</summary>
/// <param name="Proven">The credentials that were right; none: anybody.</param>
/// <param name="Credential">The key or token; null with none, or the admin's alone.</param>
/// <param name="Presented">That in the clear, for the one call that gives it back.</param>
/// <param name="Team">Its team.</param>
internal sealed record Caller(Accepted Proven, Credential? Credential, string? Presented, Team? Team)
{
    public static Caller Nobody { get; } = new(Accepted.None, null, null, null);

    public bool IsAdmin => Proven.HasFlag(Accepted.AdminToken);

    public static Caller Of(HttpContext context) => context.Features.Get<Caller>() ?? Nobody;

    /// <summary>The team that a request is for. Endpoints that accept keys only have always one.</summary>
    public static string TeamOf(HttpContext context) =>
        Of(context).Team?.Id ?? throw new InvalidOperationException($"{context.Request.Path} demands no credential of a team.");

    /// <summary>The caller's team; for an admin the one that <c>teamID</c> names, or else the first.</summary>
    public static string TeamOrNamed(HttpContext context, Teams teams)
    {
        string? named = context.Request.Query["teamID"];
        if (!Of(context).IsAdmin) return TeamOf(context);
        return string.IsNullOrEmpty(named) ? teams.First.Id : teams.Get(named).Id;
    }

    /// <summary>For calls that may name the team they are for: that is the caller's own.</summary>
    /// <exception cref="ApiException">It is another.</exception>
    public static string TeamIfNamed(HttpContext context, string? named) => string.IsNullOrEmpty(named) || named == TeamOf(context)
        ? TeamOf(context)
        : throw new ApiException(StatusCodes.Status403Forbidden, $"the credential is not of team '{named}'");

    public override string ToString() => $"{Proven} of team {Team?.Id ?? "none"}"; // not the secret
}
