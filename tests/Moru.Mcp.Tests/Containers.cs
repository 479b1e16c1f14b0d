namespace Moru.Mcp.Tests;

/// <summary>What the engine itself has of our sandboxes.</summary>
internal static class Containers
{
    /// <summary>The label that the containers of a server's data directory carry, read off one of them.</summary>
    public static async Task<string> OwnerAsync(string sandboxId) =>
        (await Shell.RunAsync("docker", "inspect", "--format", "{{index .Config.Labels \"moru\"}}", "moru-" + sandboxId)).Trim();

    /// <summary>Names of an owner's containers, or of everybody's, one on a line.</summary>
    public static Task<string> ListAsync(string? owner = null) =>
        Shell.RunAsync("docker", "ps", "--all", "--filter", owner is null ? "label=moru" : $"label=moru={owner}", "--format", "{{.Names}}");
}
