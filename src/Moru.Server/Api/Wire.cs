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
            AutoPause = wire.AutoPause ?? false,
            AllowInternet = wire.AllowInternetAccess ?? true,
            Network = ToRules(wire.Network ?? new NewSandboxNetwork(), wire.AllowInternetAccess ?? true),
            VolumeId = wire.VolumeId,
            VolumeMountPath = wire.VolumeMountPath,
            Metadata = Strings(wire.Metadata, "metadata"),
            EnvVars = Strings(wire.EnvVars, "envVars"),
        };
    }

    public static TimeSpan ToTimeout(int seconds) => seconds >= 0
        ? TimeSpan.FromSeconds(seconds)
        : throw new ApiException(StatusCodes.Status400BadRequest, "validation error: timeout must be 0 or more seconds");

    public static SandboxAccess ToAccess(SandboxRecord record, ServerDomain domain) => new()
    {
        TemplateId = record.TemplateId,
        SandboxId = record.Id,
        EnvdVersion = EnvdVersion.Current,
        Alias = record.Alias,
        EnvdAccessToken = record.AccessToken,
        TrafficAccessToken = record.TrafficToken,
        Domain = domain.Told,
        PortUrl = domain.PortUrl(record.Id),
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

    public static SandboxDetail ToDetail(SandboxRecord record, ServerDomain domain) => new(ToListed(record))
    {
        EnvdAccessToken = record.AccessToken,
        TrafficAccessToken = record.TrafficToken,
        Domain = record.State is SandboxPhase.Running ? domain.Told : null,
        PortUrl = domain.PortUrl(record.Id),
    };

    public static SandboxRun ToRun(SandboxRecord record) => new()
    {
        SandboxId = record.Id,
        TemplateId = record.TemplateId,
        Alias = record.Alias,
        Status = ToStatus(record.State),
        EndReason = record.EndReason switch
        {
            EndReason.Killed => SandboxEndReason.Killed,
            EndReason.Timeout => SandboxEndReason.Timeout,
            EndReason.Error => SandboxEndReason.Error,
            EndReason.Shutdown => SandboxEndReason.Shutdown,
            _ => null,
        },
        CreatedAt = record.CreatedAt ?? record.StartedAt,
        EndedAt = record.EndedAt,
    };

    public static SandboxState ToState(SandboxPhase phase) => phase is SandboxPhase.Running ? SandboxState.Running : SandboxState.Paused;

    public static SandboxRunStatus ToStatus(SandboxPhase phase) => phase switch
    {
        SandboxPhase.Starting or SandboxPhase.Running => SandboxRunStatus.Running,
        SandboxPhase.Pausing or SandboxPhase.Paused or SandboxPhase.Resuming => SandboxRunStatus.Paused,
        _ => SandboxRunStatus.Stopped,
    };

    /// <summary>A sandbox without internet access has a deny list of its own; what it allows stays.</summary>
    private static NetworkRules ToRules(NewSandboxNetwork wire, bool allowInternet) => new()
    {
        AllowPublicTraffic = wire.AllowPublicTraffic ?? true,
        AllowOut = Strings(wire.AllowOut, "network.allowOut"),
        DenyOut = allowInternet ? Strings(wire.DenyOut, "network.denyOut") : [NetworkRules.Everything],
        MaskRequestHost = wire.MaskRequestHost,
    };

    public static IReadOnlyList<string> Strings(IReadOnlyList<string>? list, string member) =>
        list is not null && list.Any(entry => entry is null) ? throw ApiBody.Invalid($"{member} must hold strings only") : list ?? [];

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
