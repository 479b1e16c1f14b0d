using System.Text.Json;
using System.Text.Json.Serialization;
using Moru.Protocol;
using Moru.Tools;

namespace Moru.Mcp;

/// <summary>What resources hold that are described in JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SandboxesDescription))]
[JsonSerializable(typeof(HistoryDescription))]
[JsonSerializable(typeof(SandboxDescription))]
[JsonSerializable(typeof(LogsDescription))]
[JsonSerializable(typeof(TemplatesDescription))]
[JsonSerializable(typeof(TemplateBuildsDescription))]
[JsonSerializable(typeof(VolumesDescription))]
[JsonSerializable(typeof(VolumeDescription))]
[JsonSerializable(typeof(MetricsDescription))]
[JsonSerializable(typeof(DirectoryDescription))]
internal sealed partial class ResourceJson : JsonSerializerContext
{
    // Some are what tools show, which know themselves how they are written.
    public static string Write(object description) => JsonSerializer.Serialize(description, Default.GetTypeInfo(description.GetType()) ?? ToolSet.Json.GetTypeInfo(description.GetType()));
}

internal sealed record SandboxesDescription(IReadOnlyList<SandboxDescription> Sandboxes);

internal sealed record HistoryDescription(IReadOnlyList<RunDescription> Runs);

internal sealed record LogsDescription(IReadOnlyList<SandboxLogEntry> Entries);

internal sealed record TemplatesDescription(IReadOnlyList<TemplateDescription> Templates);

internal sealed record TemplateBuildsDescription(TemplateDescription Template, IReadOnlyList<BuildDescription> Builds);

internal sealed record VolumesDescription(IReadOnlyList<VolumeDescription> Volumes);

internal sealed record MetricsDescription(IReadOnlyList<SandboxMetrics> Samples);

internal sealed record DirectoryDescription(string Path, int Total, IReadOnlyList<EntryDescription> Entries);

internal sealed record EntryDescription(string Uri, string Name, string Type, string MimeType, long? SizeBytes, DateTimeOffset? ModifiedTime);

internal sealed record SandboxDescription(
    string SandboxId, bool Session, string State, string Template, DateTimeOffset StartedAt, DateTimeOffset EndAt, int CpuCount, int MemoryMB, IReadOnlyDictionary<string, string>? Metadata);

internal sealed record RunDescription(string SandboxId, string Template, string Status, string? EndReason, DateTimeOffset CreatedAt, DateTimeOffset? EndedAt);

internal sealed record TemplateDescription(
    string TemplateId, IReadOnlyList<string> Aliases, string BuildStatus, bool Public, int CpuCount, int MemoryMB, int BuildCount, long SpawnCount, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);

internal sealed record BuildDescription(string Uri, string BuildId, string Status, DateTimeOffset CreatedAt, DateTimeOffset? FinishedAt);

internal sealed record VolumeDescription(string VolumeId, string Name, string Uri, long SizeBytes, long FileCount, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);
