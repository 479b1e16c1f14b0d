using System.Diagnostics;

namespace Moru.Mcp.Tests;

/// <summary>What the engine itself has of our sandboxes.</summary>
internal static class Containers
{
    /// <summary>The label that the containers of a server's data directory carry, read off one of them.</summary>
    public static async Task<string> OwnerAsync(string sandboxId) =>
        (await DockerAsync("inspect", "--format", "{{index .Config.Labels \"moru\"}}", "moru-" + sandboxId)).Trim();

    /// <summary>Names of an owner's containers, or of everybody's, one on a line.</summary>
    public static Task<string> ListAsync(string? owner = null) =>
        DockerAsync("ps", "--all", "--filter", owner is null ? "label=moru" : $"label=moru={owner}", "--format", "{{.Names}}");

    private static async Task<string> DockerAsync(params string[] arguments)
    {
        using var docker = Process.Start(new ProcessStartInfo("docker", arguments) { RedirectStandardOutput = true })!;
        var output = await docker.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await docker.WaitForExitAsync(TestContext.Current.CancellationToken);
        return output;
    }
}
