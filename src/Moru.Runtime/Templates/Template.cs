namespace Moru.Runtime;

/// <summary>A named image, and what a sandbox made from it gets.</summary>
public sealed record Template
{
    public required string Id { get; init; }

    public string? Alias { get; init; }

    /// <summary>Image reference on the engine.</summary>
    public required string Image { get; init; }

    public int CpuCount { get; init; } = 2;

    public int MemoryMB { get; init; } = 1024;

    /// <summary>Environment of every process besides that of the image, unless the sandbox's own says otherwise.</summary>
    public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>();

    public string DefaultUser { get; init; } = "user";

    /// <summary>Null: the user's home.</summary>
    public string? Workdir { get; init; } = "/home/user";

    /// <summary>Run in every sandbox as soon as it is there.</summary>
    public string? StartCommand { get; init; }

    /// <summary>Succeeds once the start command has done its part; null: nothing to wait for.</summary>
    public string? ReadyCommand { get; init; }
}
