namespace Moru.Mcp.Tests;

/// <summary>Templates from images of Docker Hub, on an engine that gets those from a mirror.</summary>
public sealed class MirroredImages : IAsyncLifetime
{
    private static readonly (string Hub, Template Base)[] Images =
    [
        ("library/python:3.11", Template.FromPythonImage("3.11")),
        ("library/node:lts", Template.FromNodeImage()),
        ("library/ubuntu:22.04", Template.FromUbuntuImage("22.04")),
        ("library/debian:latest", Template.FromImage("debian")),
        ("oven/bun:latest", Template.FromBunImage()),
        ("library/nginx:alpine", Template.FromImage("nginx:alpine")),
    ];

    private readonly TemporaryDirectory data = new();
    private MirroredEngine? engine;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => engine = await MirroredEngine.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await engine!.DisposeAsync();
        data.Dispose();
    }

    [Fact]
    public async Task The_names_that_people_write_are_pulled_through_the_mirror_of_the_engine()
    {
        foreach (var (hub, _) in Images) await engine!.ServeAsync(hub);
        await using var server = McpProcess.StartUnder($"ip netns exec {engine!.Network}", data.Path, "serve --port 0 --no-https", ("DOCKER_HOST", engine.Endpoint));
        await server.Output.ReadLineAsync(Cancelled).AsTask().WaitAsync(Eventually.Limit, Cancelled);
        using var client = new MoruClient(new MoruOptions
        {
            ApiUrl = new Uri("unix:" + Path.Combine(data.Path, "moru.sock")), ApiKey = (await File.ReadAllTextAsync(Path.Combine(data.Path, "api-key"), Cancelled)).Trim(),
        });

        foreach (var (hub, image) in Images)
        {
            var log = new List<string>();
            await client.BuildTemplateAsync(image.RunCmd("echo \"made from $IMAGE\" | tee ~/made"), "mirrored", new() { CpuCount = 1, MemoryMB = 256, OnBuildLogs = entry => log.Add(entry.Message) }, Cancelled);
            Assert.Contains(log, line => line.EndsWith($"[stdout]: made from {hub}", StringComparison.Ordinal));
        }

        await using var sandbox = await client.CreateSandboxAsync("mirrored", cancellationToken: Cancelled);
        Assert.Equal("made from library/nginx:alpine\n", (await sandbox.Commands.RunAsync("cat ~/made", cancellationToken: Cancelled)).Stdout);
        var missing = await Assert.ThrowsAsync<BuildException>(() => client.BuildTemplateAsync(Template.FromImage("golang"), "missing", cancellationToken: Cancelled));
        Assert.Contains("failed to pull image 'golang:latest'", missing.Message, StringComparison.Ordinal);
    }
}
