using Microsoft.Extensions.Logging.Abstractions;
using Moru.Protocol;

namespace Moru.Runtime.Tests;

/// <summary>The engine as Docker Desktop is used: one published port for each sandbox.</summary>
public sealed class DockerPublishedTests : EngineContract
{
    [Fact]
    public async Task Only_the_agent_is_reached_and_only_from_this_machine()
    {
        await using var box = await OpenAsync();

        var container = await box.StartAsync(SandboxId.New());

        Assert.Equal(("127.0.0.1", true), (container.Address.Host, container.Address.OnlyEnvd));
        Assert.NotEqual(Ports.Envd, container.Address.EnvdPort);
    }

    [Fact]
    public async Task A_sandbox_without_internet_access_is_refused_since_nothing_could_reach_it()
    {
        await using var box = await OpenAsync();
        var spec = box.Spec(SandboxId.New()) with { AllowInternet = false };

        var failure = await Assert.ThrowsAsync<RuntimeException>(() => box.Engine.StartAsync(spec, Node.Cancel));

        Assert.Equal(RuntimeError.StartFailed, failure.Error);
        Assert.Contains("published ports", failure.Message, StringComparison.Ordinal);
        Assert.Empty(await box.Engine.ListAsync(box.OwnerId, Node.Cancel));
    }

    [Fact]
    public async Task A_sandbox_keeps_its_published_port_across_servers_of_either_kind()
    {
        using var data = new TemporaryDirectory();
        await using var box = await DockerBox.OpenAsync(DockerBox.BaseImage, addressing: SandboxAddressing.Published);
        await using var direct = await DockerBox.OpenAsync(DockerBox.BaseImage, addressing: SandboxAddressing.Container);
        SandboxRecord created;
        await using (var first = await OpenRuntimeAsync(data.Path, box.Engine))
            created = await first.Sandboxes.CreateAsync(new SandboxRequest { TemplateId = "base", Timeout = TimeSpan.FromMinutes(2) }, Node.Cancel);

        await using var second = await OpenRuntimeAsync(data.Path, direct.Engine);

        Assert.True(second.Sandboxes.TryGetAddress(created.Id, out var address));
        Assert.Equal(created.Address, address);
        Assert.Equal("still here", (await box.RunAsync(address, "echo still here")).Output);
        Assert.True(await second.Sandboxes.KillAsync(created.Id, EndReason.Killed, Node.Cancel));
    }

    internal override async Task<EngineBox> OpenAsync() => await DockerBox.OpenAsync(addressing: SandboxAddressing.Published);

    private static Task<MoruRuntime> OpenRuntimeAsync(string directory, IContainerEngine engine) => MoruRuntime.OpenAsync(
        new RuntimeOptions { DataDirectory = directory, EnvdPath = Artifacts.Envd }, engine, TimeProvider.System, NullLoggerFactory.Instance, Node.Cancel);
}
