using System.Text.Json.Serialization;

namespace Moru.Protocol;

/// <summary>Body of <c>POST /v3/templates</c>: a template, or a new build of the one that has the name already.</summary>
public sealed record NewTemplate
{
    /// <summary>Its name: letters, digits, <c>-</c> and <c>_</c>.</summary>
    [JsonRequired]
    public required string Alias { get; init; }

    /// <summary>The team that is to own it: the caller's, or absent.</summary>
    [JsonPropertyName("teamID")]
    public string? TeamId { get; init; }

    /// <summary>Virtual CPUs of its sandboxes; the server's default is 2.</summary>
    [JsonConverter(typeof(NotNull<int?>))]
    public int? CpuCount { get; init; }

    /// <summary>Memory of its sandboxes in MiB, an even number; the server's default is 1024.</summary>
    [JsonPropertyName("memoryMB")]
    [JsonConverter(typeof(NotNull<int?>))]
    public int? MemoryMB { get; init; }
}

/// <summary>Body of <c>POST /templates</c> and <c>POST /templates/{id}</c>, the way before <see cref="NewTemplate"/>: a build of a Dockerfile.</summary>
public sealed record DockerfileTemplate
{
    /// <summary>The text of the Dockerfile.</summary>
    [JsonRequired]
    public required string Dockerfile { get; init; }

    /// <summary>Name of the template; absent: the one it has, or none.</summary>
    public string? Alias { get; init; }

    /// <summary>The team that is to own it: the caller's, or absent.</summary>
    [JsonPropertyName("teamID")]
    public string? TeamId { get; init; }

    /// <summary>Run in every sandbox at its start.</summary>
    public string? StartCmd { get; init; }

    /// <summary>Succeeds once the start command has done its part.</summary>
    public string? ReadyCmd { get; init; }

    /// <summary>Virtual CPUs of its sandboxes; the server's default is 2.</summary>
    [JsonConverter(typeof(NotNull<int?>))]
    public int? CpuCount { get; init; }

    /// <summary>Memory of its sandboxes in MiB, an even number; the server's default is 1024.</summary>
    [JsonPropertyName("memoryMB")]
    [JsonConverter(typeof(NotNull<int?>))]
    public int? MemoryMB { get; init; }
}

/// <summary>Answer to <c>POST /v3/templates</c>.</summary>
public sealed record RequestedTemplate
{
    /// <summary>Identifier of the template; the same for every build of it.</summary>
    [JsonPropertyName("templateID")]
    public required string TemplateId { get; init; }

    /// <summary>Identifier of the build, which waits for its steps.</summary>
    [JsonPropertyName("buildID")]
    public required string BuildId { get; init; }

    /// <summary>Whether every team may use the template.</summary>
    public required bool Public { get; init; }

    /// <summary>Its names.</summary>
    public required IReadOnlyList<string> Aliases { get; init; }
}

/// <summary>Answer to <c>GET /templates/{id}/files/{hash}</c>.</summary>
/// <param name="Present">Whether the files are there.</param>
/// <param name="Url">Where to PUT them as a tar.gz.</param>
public sealed record TemplateUpload(bool Present, string? Url);

/// <summary>What every description of a template has.</summary>
public abstract record TemplateSummary
{
    /// <summary>Identifier of the template.</summary>
    [JsonPropertyName("templateID")]
    public required string TemplateId { get; init; }

    /// <summary>Whether every team may use it.</summary>
    public required bool Public { get; init; }

    /// <summary>Its names.</summary>
    public required IReadOnlyList<string> Aliases { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it or its builds changed last.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>When a sandbox was made from it last.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public DateTimeOffset? LastSpawnedAt { get; init; }

    /// <summary>How many sandboxes were made from it.</summary>
    public required long SpawnCount { get; init; }
}

/// <summary>One template as <c>GET /templates</c> lists it.</summary>
public sealed record TemplateInfo : TemplateSummary
{
    /// <summary>The build that sandboxes are made from; before there is one, the last.</summary>
    [JsonPropertyName("buildID")]
    public required string BuildId { get; init; }

    /// <summary>Virtual CPUs of its sandboxes.</summary>
    public required int CpuCount { get; init; }

    /// <summary>Memory of its sandboxes in MiB.</summary>
    [JsonPropertyName("memoryMB")]
    public required int MemoryMB { get; init; }

    /// <summary>Disk limit of its sandboxes in MiB; 0: not limited.</summary>
    [JsonPropertyName("diskSizeMB")]
    public required int DiskSizeMB { get; init; }

    /// <summary>Who made it; always null.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public TemplateCreator? CreatedBy { get; init; }

    /// <summary>How many builds it has had.</summary>
    public required int BuildCount { get; init; }

    /// <summary>Version of the agent protocol.</summary>
    public required string EnvdVersion { get; init; }

    /// <summary>How far its last build is.</summary>
    public required TemplateBuildStatus BuildStatus { get; init; }
}

/// <summary>Who made a template.</summary>
/// <param name="Id">Identifier of the user.</param>
/// <param name="Email">Address of the user.</param>
public sealed record TemplateCreator(string Id, string Email);

/// <summary>Answer to <c>GET /templates/{id}</c>.</summary>
public sealed record TemplateWithBuilds : TemplateSummary
{
    /// <summary>A page of its builds, the newest first.</summary>
    public required IReadOnlyList<TemplateBuildSummary> Builds { get; init; }
}

/// <summary>One build in <see cref="TemplateWithBuilds"/>.</summary>
public sealed record TemplateBuildSummary
{
    /// <summary>The build.</summary>
    [JsonPropertyName("buildID")]
    public required string BuildId { get; init; }

    /// <summary>How far it is.</summary>
    public required TemplateBuildStatus Status { get; init; }

    /// <summary>When it was asked for.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it changed last.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Virtual CPUs.</summary>
    public required int CpuCount { get; init; }

    /// <summary>Memory in MiB.</summary>
    [JsonPropertyName("memoryMB")]
    public required int MemoryMB { get; init; }

    /// <summary>Disk limit in MiB; 0: not limited.</summary>
    [JsonPropertyName("diskSizeMB")]
    public required int DiskSizeMB { get; init; }

    /// <summary>Version of the agent protocol.</summary>
    public required string EnvdVersion { get; init; }
}

/// <summary>Body of <c>PATCH /templates/{id}</c>.</summary>
public sealed record TemplateChange
{
    /// <summary>Whether every team may use it; absent: as before.</summary>
    [JsonConverter(typeof(NotNull<bool?>))]
    public bool? Public { get; init; }
}
