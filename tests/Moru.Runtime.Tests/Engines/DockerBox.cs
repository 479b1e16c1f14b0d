using System.Formats.Tar;
using System.Text;
using Docker.DotNet;
using Docker.DotNet.Models;
using Moru.Protocol;

namespace Moru.Runtime.Tests;

/// <summary>The real Docker Engine, with the real envd in an image that holds nothing else.</summary>
internal sealed class DockerBox : EngineBox
{
    private const string EmptyImage = "moru-test/empty";
    public const string BaseImage = "moru/base:latest";

    private DockerBox(DockerEngine engine, string image)
    {
        Engine = engine;
        Image = image == EmptyImage ? $"{EmptyImage}:{OwnerId}" : image;
    }

    public override IContainerEngine Engine { get; }

    public override string Image { get; }

    public override string EnvdPath { get; } = Artifacts.Envd;

    public DockerClient Client { get; } = new DockerClientBuilder().WithEndpoint(new Uri(Endpoint)).Build();

    public static string Endpoint =>
        Environment.GetEnvironmentVariable("DOCKER_HOST") is { Length: > 0 } host ? host : "unix:///var/run/docker.sock";

    public static async Task<DockerBox> OpenAsync(string image = EmptyImage, string? endpoint = null, SandboxAddressing addressing = SandboxAddressing.Automatic)
    {
        var box = new DockerBox(new DockerEngine(endpoint ?? Endpoint, addressing), image);
        if (image == EmptyImage) await box.ImportEmptyImageAsync();
        return box;
    }

    public override Task EndAsync(string sandboxId) => Client.Containers.KillContainerAsync(
        DockerSpec.ContainerName(sandboxId), new ContainerKillParameters { Signal = "SIGKILL" }, Node.Cancel);

    public Task<ContainerInspectResponse> InspectAsync(string sandboxId) =>
        Client.Containers.InspectContainerAsync(DockerSpec.ContainerName(sandboxId), Node.Cancel);

    /// <summary>Runs a bash line in a sandbox and returns its exit code and everything it wrote.</summary>
    public async Task<(int ExitCode, string Output)> RunAsync(EngineAddress address, string line, string user = "user", string? token = null, bool inTerminal = false)
    {
        var start = new StartRequest { Process = new ProcessConfig { Cmd = "/bin/bash", Args = ["-l", "-c", line] }, Pty = inTerminal ? new Pty(new PtySize(80, 24)) : null };
        var output = new MemoryStream();
        var exitCode = int.MinValue;
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(Node.Cancel);
        bound.CancelAfter(TimeSpan.FromSeconds(90));
        await foreach (var step in Agent(address, token).StartAsync(start, user, TimeSpan.FromSeconds(60), bound.Token))
        {
            if (step.Data is { } data) output.Write((data.Stdout ?? data.Stderr ?? data.Pty ?? default).Span);
            if (step.End is { } end) exitCode = end.ExitCode;
        }

        return (exitCode, Encoding.UTF8.GetString(output.ToArray()).Trim());
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (Image != BaseImage) await Client.Images.DeleteImageAsync(Image, new ImageDeleteParameters { Force = true });
        Client.Dispose();
    }

    private async Task ImportEmptyImageAsync()
    {
        using var tar = new MemoryStream();
        await using (var writer = new TarWriter(tar, leaveOpen: true))
        {
            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.Directory, "tmp/"), Node.Cancel);
            await writer.WriteEntryAsync(
                new PaxTarEntry(TarEntryType.RegularFile, "etc/passwd") { DataStream = new MemoryStream("root:x:0:0::/root:\n"u8.ToArray()) },
                Node.Cancel);
        }

        tar.Position = 0;
        await Client.Images.CreateImageAsync(
            new ImagesCreateParameters { FromSrc = "-", Repo = EmptyImage, Tag = OwnerId }, tar, null, new Progress<JSONMessage>(), Node.Cancel);
    }
}
