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

    public string DefaultUser { get; init; } = "user";

    public string Workdir { get; init; } = "/home/user";
}
