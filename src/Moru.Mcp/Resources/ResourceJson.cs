using System.Text.Json;
using System.Text.Json.Serialization;
using Moru.Tools;

namespace Moru.Mcp;

/// <summary>What resources hold that are described in JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SandboxesDescription))]
[JsonSerializable(typeof(HistoryDescription))]
[JsonSerializable(typeof(SandboxDescription))]
[JsonSerializable(typeof(ProcessesDescription))]
[JsonSerializable(typeof(MetricsDescription))]
[JsonSerializable(typeof(DirectoryDescription))]
internal sealed partial class ResourceJson : JsonSerializerContext
{
    public static string Write(object description) => JsonSerializer.Serialize(description, Default.GetTypeInfo(description.GetType())!);
}

internal sealed record SandboxesDescription(IReadOnlyList<SandboxDescription> Sandboxes);

internal sealed record HistoryDescription(IReadOnlyList<RunDescription> Runs);

internal sealed record ProcessesDescription(IReadOnlyList<ProcessInfo> Processes);

internal sealed record MetricsDescription(IReadOnlyList<SandboxMetrics> Samples);

internal sealed record DirectoryDescription(string Path, IReadOnlyList<EntryDescription> Entries);

internal sealed record EntryDescription(string Uri, string Name, string Type, string MimeType, long SizeBytes, DateTimeOffset ModifiedTime);

internal sealed record SandboxDescription(
    string SandboxId, bool Session, string State, string Template, DateTimeOffset StartedAt, DateTimeOffset EndAt, int CpuCount, int MemoryMB, IReadOnlyDictionary<string, string>? Metadata);

internal sealed record RunDescription(string SandboxId, string Template, string Status, string? EndReason, DateTimeOffset CreatedAt, DateTimeOffset? EndedAt);
