using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Moru.Protocol;
using Moru.Runtime;

namespace Moru.Server;

/// <summary>The one place where runtime records and wire records are turned into each other.</summary>
internal static partial class Wire
{
    public static SandboxRequest ToRequest(NewSandbox wire)
    {
        var template = wire.TemplateId?.Trim().ToLowerInvariant() ?? "";
        if (!TemplateName().IsMatch(template))
            throw new ApiException(StatusCodes.Status400BadRequest, $"template '{wire.TemplateId}' is no valid name: use letters, digits, '-' and '_'");

        return new SandboxRequest
        {
            TemplateId = template,
            Timeout = wire.Timeout is { } seconds ? ToTimeout(seconds) : null,
            Secure = wire.Secure ?? false,
            AllowInternet = wire.AllowInternetAccess ?? true,
            Metadata = Strings(wire.Metadata, "metadata"),
            EnvVars = Strings(wire.EnvVars, "envVars"),
        };
    }

    public static TimeSpan ToTimeout(int seconds) => seconds >= 0
        ? TimeSpan.FromSeconds(seconds)
        : throw new ApiException(StatusCodes.Status400BadRequest, "validation error: timeout must be 0 or more seconds");

    public static SandboxAccess ToAccess(SandboxRecord record, string? domain) => new()
    {
        TemplateId = record.TemplateId,
        SandboxId = record.Id,
        EnvdVersion = EnvdVersion.Current,
        Alias = record.Alias,
        EnvdAccessToken = record.AccessToken,
        Domain = domain,
    };

    public static ListedSandbox ToListed(SandboxRecord record) => new()
    {
        TemplateId = record.TemplateId,
        SandboxId = record.Id,
        StartedAt = record.StartedAt,
        EndAt = record.EndAt,
        State = ToState(record.State),
        CpuCount = record.Limits.CpuCount,
        MemoryMB = record.Limits.MemoryMB,
        DiskSizeMB = record.Limits.DiskSizeMB,
        EnvdVersion = EnvdVersion.Current,
        Alias = record.Alias,
        Metadata = record.Metadata,
    };

    public static SandboxDetail ToDetail(SandboxRecord record, string? domain) => new(ToListed(record))
    {
        EnvdAccessToken = record.AccessToken,
        Domain = domain,
    };

    private static SandboxState ToState(SandboxPhase phase) => phase == SandboxPhase.Paused ? SandboxState.Paused : SandboxState.Running;

    private static IReadOnlyDictionary<string, string> Strings(IReadOnlyDictionary<string, string>? map, string member)
    {
        if (map is null) return new Dictionary<string, string>();
        foreach (var (key, value) in map)
        {
            if (value is null) throw new ApiException(StatusCodes.Status400BadRequest, $"validation error: {member}['{key}'] must be a string");
            if (member == "envVars" && (key.Length == 0 || key.Contains('=') || key.Contains('\0') || value.Contains('\0')))
                throw new ApiException(StatusCodes.Status400BadRequest, $"validation error: envVars name '{key}' cannot be set in an environment");
        }

        return map;
    }

    [GeneratedRegex(@"^[a-z0-9_-]+\z")]
    private static partial Regex TemplateName();
}
