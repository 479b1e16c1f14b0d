using Moru.Protocol;

namespace Moru;

/// <summary>What the server knows of a sandbox.</summary>
public sealed record SandboxInfo
{
    /// <summary>Identifier: <c>i</c> and 20 letters or digits.</summary>
    public required string SandboxId { get; init; }

    /// <summary>Identifier of the template it was made from.</summary>
    public required string TemplateId { get; init; }

    /// <summary>Name of the template, when it has one.</summary>
    public string? Name { get; init; }

    /// <summary>When it was ready.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it will be killed or paused unless its timeout is set anew; of a paused one, when it was paused.</summary>
    public required DateTimeOffset EndAt { get; init; }

    /// <summary>Running or paused.</summary>
    public required SandboxState State { get; init; }

    /// <summary>Virtual CPUs.</summary>
    public required int CpuCount { get; init; }

    /// <summary>Memory limit in MiB.</summary>
    public required int MemoryMB { get; init; }

    /// <summary>Labels given at creation.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    /// <summary>Version of the agent protocol.</summary>
    public string EnvdVersion { get; init; } = "";

    /// <summary>Domain of its host names; null when the server leaves it to the client, and in lists.</summary>
    public string? SandboxDomain { get; init; }

    internal static SandboxInfo From(ListedSandbox wire) => new()
    {
        SandboxId = wire.SandboxId,
        TemplateId = wire.TemplateId,
        Name = wire.Alias,
        StartedAt = wire.StartedAt,
        EndAt = wire.EndAt,
        State = wire.State,
        CpuCount = wire.CpuCount,
        MemoryMB = wire.MemoryMB,
        Metadata = wire.Metadata ?? new Dictionary<string, string>(),
        EnvdVersion = wire.EnvdVersion,
        SandboxDomain = (wire as SandboxDetail)?.Domain,
    };
}
