using Moru.Protocol;
using Moru.Tools;

namespace Moru.Mcp;

/// <content>What is described in JSON.</content>
internal sealed partial class ResourceReader
{
    private const int MaxRuns = 100;
    private const int MaxListed = 1_000;
    private const int MaxBuilds = 20;

    private async Task<object> DescribeAsync(MoruClient client, ResourceAddress address, CancellationToken cancellationToken) => address.Kind switch
    {
        ResourceKind.Sandboxes => new SandboxesDescription(await client.ListSandboxesAsync(cancellationToken: cancellationToken).Take(MaxListed).Select(Describe).ToListAsync(cancellationToken)),
        ResourceKind.History => new HistoryDescription(await client.ListSandboxRunsAsync(cancellationToken).Take(MaxRuns).Select(Describe).ToListAsync(cancellationToken)),
        ResourceKind.Sandbox => Describe(await client.GetSandboxInfoAsync(await IdAsync(address, cancellationToken), cancellationToken)),
        ResourceKind.Metrics => new MetricsDescription(await client.GetSandboxMetricsAsync(await IdAsync(address, cancellationToken), cancellationToken: cancellationToken)),
        ResourceKind.Logs => new LogsDescription(await SandboxViews.ReadLogsAsync(client, await IdAsync(address, cancellationToken), address.Start, cancellationToken)),
        ResourceKind.Commands => await SandboxViews.ListCommandsAsync(await SandboxAsync(address, cancellationToken), cancellationToken),
        ResourceKind.Output => await SandboxViews.ReadOutputAsync(await SandboxAsync(address, cancellationToken), address.Pid, address.Cursor, cancellationToken),
        ResourceKind.Templates => new TemplatesDescription([.. (await client.ListTemplatesAsync(cancellationToken)).Select(Describe)]),
        ResourceKind.Template => await TemplateAsync(client, address.Owner, cancellationToken),
        ResourceKind.Build => await SandboxViews.ReadBuildAsync(client, (await FindTemplateAsync(client, address.Owner, cancellationToken)).TemplateId, address.BuildId, cancellationToken),
        ResourceKind.Volumes => new VolumesDescription(await client.ListVolumesAsync(cancellationToken).Take(MaxListed).Select(Describe).ToListAsync(cancellationToken)),
        ResourceKind.Volume => Describe(await client.GetVolumeAsync(address.Owner, cancellationToken)),
        var other => throw new NotSupportedException($"A resource of the kind {other} is not described."),
    };

    /// <summary>Finds a template by its id or one of its names.</summary>
    /// <exception cref="NotFoundException">There is none.</exception>
    public static async Task<TemplateInfo> FindTemplateAsync(MoruClient client, string name, CancellationToken cancellationToken) =>
        (await client.ListTemplatesAsync(cancellationToken)).FirstOrDefault(template => template.TemplateId == name || template.Aliases.Contains(name))
        ?? throw new NotFoundException($"there is no template '{name}'");

    private static async Task<TemplateBuildsDescription> TemplateAsync(MoruClient client, string name, CancellationToken cancellationToken)
    {
        var template = await FindTemplateAsync(client, name, cancellationToken);
        var builds = client.ListTemplateBuildsAsync(template.TemplateId, cancellationToken).Take(MaxBuilds);
        return new TemplateBuildsDescription(
            Describe(template),
            await builds.Select(build => new BuildDescription(
                ResourceAddress.OfBuild(template.TemplateId, build.BuildId), build.BuildId, build.Status.ToString().ToLowerInvariant(), build.CreatedAt, build.FinishedAt)).ToListAsync(cancellationToken));
    }

    public SandboxDescription Describe(SandboxInfo info) => new(
        info.SandboxId,
        info.SandboxId == session.Sandboxes.SandboxId,
        info.State.ToString().ToLowerInvariant(),
        info.Name ?? info.TemplateId,
        info.StartedAt,
        info.EndAt,
        info.CpuCount,
        info.MemoryMB,
        info.Metadata);

    private static RunDescription Describe(SandboxRun run) =>
        new(run.SandboxId, run.Alias ?? run.TemplateId, run.Status.ToString().ToLowerInvariant(), run.EndReason?.ToString().ToLowerInvariant(), run.CreatedAt, run.EndedAt);

    private static TemplateDescription Describe(TemplateInfo template) => new(
        template.TemplateId,
        template.Aliases,
        template.BuildStatus.ToString().ToLowerInvariant(),
        template.Public,
        template.CpuCount,
        template.MemoryMB,
        template.BuildCount,
        template.SpawnCount,
        template.CreatedAt,
        template.UpdatedAt);

    private static VolumeDescription Describe(Volume volume) => new(
        volume.VolumeId,
        volume.Name,
        ResourceAddress.OfVolumeFile(volume.Name, "/"),
        volume.TotalSizeBytes,
        volume.TotalFileCount,
        volume.CreatedAt,
        volume.UpdatedAt);
}
