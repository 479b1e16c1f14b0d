using System.Diagnostics;
using ModelContextProtocol.Client;

namespace Moru.Mcp.Tests;

/// <summary>The image that <c>images/mcp/build</c> makes, on a base that no registry is needed for, and run as it says.</summary>
[Collection(nameof(ToolPackage))] // one compiles for both
public sealed class ContainerImage : IAsyncDisposable
{
    private static readonly string Build = Path.Combine(Artifacts.Root, "images/mcp/build");

    private readonly TemporaryDirectory data = new();
    private readonly string name = $"moru-mcp-{Guid.NewGuid():n}";
    private Process? container;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private string Tag => $"moru/mcp:{name}";

    [Fact]
    public async Task It_gives_its_clients_sandboxes_on_the_engine_that_runs_it()
    {
        await ToolPackage.RunAsync([("BASE", "moru/base"), ("TAG", Tag), ("TMPDIR", data.Path)], Build);
        var (url, key) = await StartAsync();
        var transport = new HttpClientTransport(new HttpClientTransportOptions { Endpoint = url, AdditionalHeaders = new Dictionary<string, string> { ["X-API-Key"] = key } });
        await using var client = await McpClient.CreateAsync(transport, new McpClientOptions { DiscoverProbeTimeout = Eventually.Limit }, cancellationToken: Cancelled);

        var result = await client.CallToolAsync("run_command", new Dictionary<string, object?> { ["command"] = "echo hello" }, cancellationToken: Cancelled);

        Assert.False(result.IsError, McpProcess.Text(result));
        var sandbox = result.StructuredContent!.Value.GetProperty("sandbox_id").GetString()!;
        var containers = await Containers.ListAsync();
        await client.CallToolAsync("kill_sandbox", new Dictionary<string, object?> { ["sandbox_id"] = sandbox }, cancellationToken: Cancelled);

        Assert.Equal("hello\n", result.StructuredContent.Value.GetProperty("stdout").GetString());
        Assert.Contains("moru-" + sandbox, containers, StringComparison.Ordinal);
        Assert.DoesNotContain("moru-" + sandbox, await Containers.ListAsync(), StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        if (container is not null)
        {
            await Shell.RunAsync("docker", "stop", name);
            await container.WaitForExitAsync();
            container.Dispose();
            // What it wrote belongs to root.
            await Shell.RunAsync("docker", "run", "--rm", "--volume", $"{data.Path}:{data.Path}", "--entrypoint", "find", Tag, data.Path, "-mindepth", "1", "-delete");
            await Shell.RunAsync("docker", "rmi", Tag);
        }

        data.Dispose();
    }

    private async Task<(Uri Url, string Key)> StartAsync()
    {
        const string Command = "#   docker run ";
        var words = File.ReadLines(Build).First(line => line.StartsWith(Command, StringComparison.Ordinal))[Command.Length..].Replace("/var/lib/moru", data.Path, StringComparison.Ordinal).Split(' ');
        container = Process.Start(new ProcessStartInfo(
            "docker", ["run", "--rm", "--name", name, "--env", $"MORU_DATA_DIR={data.Path}", .. words[..^1], Tag, "http", "--port", "0"]) { RedirectStandardOutput = true })!;
        var line = await container.StandardOutput.ReadLineAsync(Cancelled).AsTask().WaitAsync(Eventually.Limit, Cancelled);
        return (new Uri(line!.Split(' ')[3].TrimEnd(',')), await Shell.RunAsync("docker", "exec", name, "cat", Path.Combine(data.Path, "api-key")));
    }
}
