using Moru.Protocol;
using Moru.Runtime;

namespace Moru.Server;

/// <summary>Templates and builds in the words of the wire.</summary>
internal static class TemplateWire
{
    public static BuildPlan ToPlan(TemplateBuildStart wire) => new()
    {
        FromImage = NullIfEmpty(wire.FromImage),
        FromTemplate = NullIfEmpty(wire.FromTemplate),
        Registry = wire.FromImageRegistry is { } registry ? ToAccess(registry) : null,
        Force = wire.Force,
        Steps = [.. (wire.Steps ?? []).Select(ToStep)],
        StartCommand = NullIfEmpty(wire.StartCmd),
        ReadyCommand = NullIfEmpty(wire.ReadyCmd),
    };

    public static RequestedTemplate ToRequested(TemplateRecord template, BuildRecord build) => new()
    {
        TemplateId = template.Id, BuildId = build.Id, Public = template.Public, Aliases = Aliases(template),
    };

    public static TemplateInfo ToInfo(ListedTemplate listed)
    {
        var build = listed.Current ?? listed.Latest;
        return new TemplateInfo
        {
            TemplateId = listed.Template.Id,
            BuildId = build.Id,
            CpuCount = build.CpuCount,
            MemoryMB = build.MemoryMB,
            DiskSizeMB = 0,
            Public = listed.Template.Public,
            Aliases = Aliases(listed.Template),
            CreatedAt = listed.Template.CreatedAt,
            UpdatedAt = listed.Template.UpdatedAt,
            LastSpawnedAt = listed.Template.LastSpawnedAt,
            SpawnCount = listed.Template.SpawnCount,
            BuildCount = listed.Template.BuildCount,
            EnvdVersion = EnvdVersion.Current,
            BuildStatus = ToStatus(listed.Latest.Status),
        };
    }

    public static TemplateWithBuilds ToDetail(TemplateRecord template, IEnumerable<BuildRecord> builds) => new()
    {
        TemplateId = template.Id,
        Public = template.Public,
        Aliases = Aliases(template),
        CreatedAt = template.CreatedAt,
        UpdatedAt = template.UpdatedAt,
        LastSpawnedAt = template.LastSpawnedAt,
        SpawnCount = template.SpawnCount,
        Builds = [.. builds.Select(build => new TemplateBuildSummary
        {
            BuildId = build.Id,
            Status = ToStatus(build.Status),
            CreatedAt = build.CreatedAt,
            UpdatedAt = build.UpdatedAt,
            FinishedAt = build.FinishedAt,
            CpuCount = build.CpuCount,
            MemoryMB = build.MemoryMB,
            DiskSizeMB = 0,
            EnvdVersion = EnvdVersion.Current,
        })],
    };

    public static BuildLogEntry ToEntry(BuildLogLine line) => new()
    {
        Timestamp = line.At, Message = line.Message, Level = (TemplateLogLevel)(int)line.Level, Step = line.Step,
    };

    /// <summary>A reader who has not had the last line yet is told that the build goes on.</summary>
    public static TemplateBuildInfo ToInfo(BuildRecord build, IReadOnlyList<BuildLogLine> log, int offset, int limit, BuildLogLevel least)
    {
        var wanted = log.Where(line => line.Level >= least).Skip(offset).ToList();
        var page = wanted.Take(limit).Select(ToEntry).ToList();
        var isBehind = limit > 0 && wanted.Count > page.Count;
        return new TemplateBuildInfo
        {
            TemplateId = build.TemplateId,
            BuildId = build.Id,
            Status = isBehind ? TemplateBuildStatus.Building : ToStatus(build.Status),
            Logs = [.. page.Select(entry => entry.Message)],
            LogEntries = page,
            Reason = build.Status is BuildStatus.Error && !isBehind
                ? new BuildFailure
                {
                    Message = build.Reason ?? "the build failed",
                    Step = build.Step,
                    LogEntries = [.. log.Where(line => line.Level >= BuildLogLevel.Warn && line.Step == build.Step).Select(ToEntry)],
                }
                : null,
        };
    }

    private static TemplateBuildStatus ToStatus(BuildStatus status) => status switch
    {
        BuildStatus.Waiting => TemplateBuildStatus.Waiting,
        BuildStatus.Building => TemplateBuildStatus.Building,
        BuildStatus.Ready => TemplateBuildStatus.Ready,
        _ => TemplateBuildStatus.Error,
    };

    private static BuildStep ToStep(TemplateStep wire) => wire.Args?.Any(arg => arg is null) == true
        ? throw ApiBody.Invalid("steps.args must hold strings only")
        : new BuildStep(wire.Type, wire.Args ?? [], NullIfEmpty(wire.FilesHash), wire.Force ?? false);

    private static RegistryAccess ToAccess(RegistryCredentials wire) => wire switch
    {
        { Type: "registry", Username: { } user, Password: { } password } => new RegistryAccess.Basic(user, password),
        { Type: "aws", AwsAccessKeyId: { } id, AwsSecretAccessKey: { } secret, AwsRegion: { } region } => new RegistryAccess.Amazon(id, secret, region),
        { Type: "gcp", ServiceAccountJson: { } key } => new RegistryAccess.Google(key),
        { Type: "registry" } => throw ApiBody.Invalid("fromImageRegistry of type registry needs username and password"),
        { Type: "aws" } => throw ApiBody.Invalid("fromImageRegistry of type aws needs awsAccessKeyId, awsSecretAccessKey and awsRegion"),
        { Type: "gcp" } => throw ApiBody.Invalid("fromImageRegistry of type gcp needs serviceAccountJson"),
        _ => throw ApiBody.Invalid("fromImageRegistry.type must be registry, aws or gcp"),
    };

    private static string[] Aliases(TemplateRecord template) => template.Alias is { } alias ? [alias] : [];

    public static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
