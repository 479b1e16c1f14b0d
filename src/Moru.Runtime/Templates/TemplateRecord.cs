namespace Moru.Runtime;

/// <summary>One template as the store has it.</summary>
public sealed record TemplateRecord
{
    public required string Id { get; init; }

    /// <summary>Its owner; null: built in.</summary>
    public string? TeamId { get; init; }

    public string? Alias { get; init; }

    /// <summary>Whether every team may use it.</summary>
    public bool Public { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The build that sandboxes are made from; null while none has succeeded.</summary>
    public string? BuildId { get; init; }

    public int BuildCount { get; init; }

    public long SpawnCount { get; init; }

    public DateTimeOffset? LastSpawnedAt { get; init; }

    public bool IsOpenTo(string teamId) => Public || TeamId == teamId;
}

/// <summary>One attempt to make the image of a template.</summary>
public sealed record BuildRecord
{
    /// <summary>A UUID.</summary>
    public required string Id { get; init; }

    public required string TemplateId { get; init; }

    public required BuildStatus Status { get; init; }

    public required int CpuCount { get; init; }

    public required int MemoryMB { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Why it failed.</summary>
    public string? Reason { get; init; }

    /// <summary>Where it failed: <c>base</c>, the number of a step from 1, or <c>finalize</c>.</summary>
    public string? Step { get; init; }

    /// <summary>What it made; null unless it succeeded.</summary>
    public BuildResult? Result { get; init; }
}

/// <summary>What a successful build made.</summary>
public sealed record BuildResult(string Image, BuildContext Context, string? StartCommand, string? ReadyCommand);

/// <summary>A template and the builds that lists tell of.</summary>
/// <param name="Template">The template.</param>
/// <param name="Current">The build that sandboxes are made from.</param>
/// <param name="Latest">The one that was asked for last.</param>
public sealed record ListedTemplate(TemplateRecord Template, BuildRecord? Current, BuildRecord Latest);

public enum BuildStatus
{
    /// <summary>Asked for; its steps are not known yet.</summary>
    Waiting,
    Building,
    Ready,
    Error,
}
