using Moru.Protocol;
using Moru.Runtime;

namespace Moru.Server;

/// <summary>Teams and credentials as the wire shows them.</summary>
internal static class TeamWire
{
    public static TeamWithKey ToTeam(Team team, string key) => new() { TeamId = team.Id, Name = team.Name, ApiKey = key, IsDefault = true };

    public static AdminTeam ToAdmin(Team team, Teams teams) => new()
    {
        TeamId = team.Id, Name = team.Name, IsDefault = team.Id == teams.First.Id, IsBlocked = team.IsBlocked, CreatedAt = team.CreatedAt,
    };

    public static CreatedTeam ToCreated(Team team, string key) => new()
    {
        TeamId = team.Id, Name = team.Name, IsDefault = false, IsBlocked = team.IsBlocked, CreatedAt = team.CreatedAt, ApiKey = key,
    };

    public static TeamApiKey ToKey(Credential key) => new()
    {
        Id = key.Id, Name = key.Name, Mask = ToMask(key), CreatedAt = key.CreatedAt, LastUsed = key.LastUsedAt,
    };

    public static CreatedTeamApiKey ToCreatedKey(Credential key, string secret) => new()
    {
        Id = key.Id, Name = key.Name, Mask = ToMask(key), CreatedAt = key.CreatedAt, LastUsed = key.LastUsedAt, Key = secret,
    };

    public static AccessToken ToToken(Credential token) => new() { Id = token.Id, Name = token.Name, Mask = ToMask(token), CreatedAt = token.CreatedAt };

    public static CreatedAccessToken ToCreatedToken(Credential token, string secret) => new()
    {
        Id = token.Id, Name = token.Name, Mask = ToMask(token), CreatedAt = token.CreatedAt, Token = secret,
    };

    public static TeamMetric ToMetric(TeamSample sample) => new()
    {
        Timestamp = sample.At, TimestampUnix = sample.At.ToUnixTimeSeconds(), ConcurrentSandboxes = sample.ConcurrentSandboxes, SandboxStartRate = sample.StartRate,
    };

    public static MaxTeamMetric ToMax(DateTimeOffset at, double value) => new() { Timestamp = at, TimestampUnix = at.ToUnixTimeSeconds(), Value = value };

    private static SecretMask ToMask(Credential credential) => new()
    {
        Prefix = Credentials.PrefixOf(credential.Kind), ValueLength = credential.Length,
        MaskedValuePrefix = credential.Start, MaskedValueSuffix = credential.End,
    };
}
