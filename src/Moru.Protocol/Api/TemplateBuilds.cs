using System.Text.Json.Serialization;

namespace Moru.Protocol;

/// <summary>Body of <c>POST /v2/templates/{id}/builds/{buildID}</c>: what the build does.</summary>
public sealed record TemplateBuildStart
{
    /// <summary>Image to start from; this or <see cref="FromTemplate"/>.</summary>
    public string? FromImage { get; init; }

    /// <summary>Template to start from.</summary>
    public string? FromTemplate { get; init; }

    /// <summary>Credentials for the registry of <see cref="FromImage"/>.</summary>
    public RegistryCredentials? FromImageRegistry { get; init; }

    /// <summary>Use no cached layer.</summary>
    public bool Force { get; init; }

    /// <summary>The steps in their order.</summary>
    public IReadOnlyList<TemplateStep>? Steps { get; init; }

    /// <summary>Run in every sandbox at its start.</summary>
    public string? StartCmd { get; init; }

    /// <summary>Succeeds once the start command has done its part.</summary>
    public string? ReadyCmd { get; init; }
}

/// <summary>One step of a build.</summary>
public sealed record TemplateStep
{
    /// <summary>RUN, COPY, ADD, WORKDIR, USER, ENV or ARG.</summary>
    public required string Type { get; init; }

    /// <summary>Its arguments.</summary>
    public IReadOnlyList<string>? Args { get; init; }

    /// <summary>Names the uploaded files of a COPY.</summary>
    public string? FilesHash { get; init; }

    /// <summary>Use no cached layer for it and all that follow.</summary>
    public bool? Force { get; init; }
}

/// <summary>Credentials of a registry; <see cref="Type"/> says which members count.</summary>
public sealed record RegistryCredentials
{
    /// <summary><c>registry</c>, <c>aws</c> or <c>gcp</c>.</summary>
    public required string Type { get; init; }

    /// <summary>User name, for <c>registry</c>.</summary>
    public string? Username { get; init; }

    /// <summary>Password, for <c>registry</c>.</summary>
    public string? Password { get; init; }

    /// <summary>Access key, for <c>aws</c>.</summary>
    public string? AwsAccessKeyId { get; init; }

    /// <summary>Its secret, for <c>aws</c>.</summary>
    public string? AwsSecretAccessKey { get; init; }

    /// <summary>Region of the registry, for <c>aws</c>.</summary>
    public string? AwsRegion { get; init; }

    /// <summary>Key file of a service account, for <c>gcp</c>.</summary>
    public string? ServiceAccountJson { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"credentials of type {Type}"; // not the secrets
}

/// <summary>One line of a build's log.</summary>
public sealed record BuildLogEntry
{
    /// <summary>When it was written.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>The line.</summary>
    public required string Message { get; init; }

    /// <summary>How important it is.</summary>
    public required TemplateLogLevel Level { get; init; }

    /// <summary>The step that wrote it: <c>base</c>, its number from 1, or <c>finalize</c>.</summary>
    public string? Step { get; init; }
}

/// <summary>How important a line of a build's log is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TemplateLogLevel>))]
public enum TemplateLogLevel
{
    /// <summary>Detail.</summary>
    [JsonStringEnumMemberName("debug")]
    Debug,

    /// <summary>Progress.</summary>
    [JsonStringEnumMemberName("info")]
    Info,

    /// <summary>Something to look at.</summary>
    [JsonStringEnumMemberName("warn")]
    Warn,

    /// <summary>A failure.</summary>
    [JsonStringEnumMemberName("error")]
    Error,
}

/// <summary>How far a build is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TemplateBuildStatus>))]
public enum TemplateBuildStatus
{
    /// <summary>It waits for its steps.</summary>
    [JsonStringEnumMemberName("waiting")]
    Waiting,

    /// <summary>It runs.</summary>
    [JsonStringEnumMemberName("building")]
    Building,

    /// <summary>It has succeeded.</summary>
    [JsonStringEnumMemberName("ready")]
    Ready,

    /// <summary>It has failed.</summary>
    [JsonStringEnumMemberName("error")]
    Error,
}

/// <summary>Answer to <c>GET /templates/{id}/builds/{buildID}/status</c>.</summary>
public sealed record TemplateBuildInfo
{
    /// <summary>The template.</summary>
    [JsonPropertyName("templateID")]
    public required string TemplateId { get; init; }

    /// <summary>The build.</summary>
    [JsonPropertyName("buildID")]
    public required string BuildId { get; init; }

    /// <summary>How far it is. It is not said to have ended before its last lines were.</summary>
    public required TemplateBuildStatus Status { get; init; }

    /// <summary>The lines of <see cref="LogEntries"/> alone.</summary>
    public required IReadOnlyList<string> Logs { get; init; }

    /// <summary>Lines of the log from the asked one on.</summary>
    public required IReadOnlyList<BuildLogEntry> LogEntries { get; init; }

    /// <summary>Why it failed.</summary>
    public BuildFailure? Reason { get; init; }
}

/// <summary>Why a build failed.</summary>
public sealed record BuildFailure
{
    /// <summary>The failure in a sentence.</summary>
    public required string Message { get; init; }

    /// <summary><c>base</c>, the number of a step from 1, or <c>finalize</c>.</summary>
    public string? Step { get; init; }

    /// <summary>What that step logged as a warning or an error.</summary>
    public IReadOnlyList<BuildLogEntry>? LogEntries { get; init; }
}

/// <summary>Answer to <c>GET /templates/{id}/builds/{buildID}/logs</c>.</summary>
/// <param name="Logs">The lines.</param>
public sealed record TemplateBuildLogs(IReadOnlyList<BuildLogEntry> Logs);
