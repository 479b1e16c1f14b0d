namespace Moru.Runtime;

/// <summary>What one team may use. Null: no limit but those of the server and the machine.</summary>
public sealed record TeamLimits
{
    /// <summary>Sandboxes that start or run at a time; paused ones do not count.</summary>
    public int? Sandboxes { get; init; }

    /// <summary>Longest life of a sandbox, counted from its start.</summary>
    public TimeSpan? Life { get; init; }

    /// <summary>Virtual CPUs of one sandbox; null: 8 in a template that is built.</summary>
    public int? CpuCount { get; init; }

    /// <summary>Memory of one sandbox in MiB; null: 8192 in a template that is built.</summary>
    public int? MemoryMB { get; init; }

    /// <summary>What one sandbox may write to its disk, in MiB; holds where the engine can limit it.</summary>
    public int DiskSizeMB { get; init; } = 10_240;

    /// <summary>Template builds that wait or run at a time.</summary>
    public int Builds { get; init; } = 20;

    public int BuildsPerHour { get; init; } = 600;

    /// <summary>Attempts to create a sandbox.</summary>
    public int CreationsPerMinute { get; init; } = 6_000;

    public int RequestsPerMinute { get; init; } = 60_000;
}
