using System.Net.Http.Json;
using Moru.Protocol;

namespace Moru.Mcp.Tests;

/// <summary>A server that is killed with SIGKILL while it builds a template.</summary>
public sealed class BuildCrash : KilledServer
{
    private RequestedTemplate? template;
    private string owner = "";

    [Fact]
    public async Task The_next_server_says_that_the_build_failed_removes_its_container_and_builds_it_again()
    {
        await using var doomed = await ServeAsync();
        using (var client = Client())
        {
            await using var sandbox = await client.CreateSandboxAsync(cancellationToken: Cancelled);
            owner = await DockerAsync("inspect", "--format", "{{index .Config.Labels \"moru\"}}", "moru-" + sandbox.SandboxId);
        }

        using var before = Api();
        await StartAsync(before, "echo kept > ~/first", "sleep 1000");
        await Eventually.TrueAsync(async () => (await StatusAsync(before)).Logs.Any(line => line.Contains("sleep 1000", StringComparison.Ordinal)), "the second step runs");
        await Eventually.TrueAsync(async () => (await ContainersAsync()).Length > 0, "it runs in a container");

        await doomed.KillAsync();
        await using var heir = await ServeAsync();

        using var after = Api();
        var status = await StatusAsync(after);
        Assert.Equal((TemplateBuildStatus.Error, "the server ended during the build; build it again"), (status.Status, status.Reason?.Message));
        await Eventually.TrueAsync(async () => (await ContainersAsync()).Length == 0, "its container is removed");

        await StartAsync(after, "echo kept > ~/first", "true");
        await Eventually.TrueAsync(async () => (await StatusAsync(after)).Status is not TemplateBuildStatus.Building, "it is built again");
        status = await StatusAsync(after);
        Assert.Equal(TemplateBuildStatus.Ready, status.Status);
        Assert.Equal(2, status.Logs.Count(line => line.StartsWith("CACHED ", StringComparison.Ordinal)));
    }

    protected override async Task CleanUpAsync(HttpClient api)
    {
        if (template is not null) (await api.DeleteAsync(new Uri($"templates/{template.TemplateId}", UriKind.Relative), CancellationToken.None)).Dispose();
        var images = await DockerAsync("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "--filter", $"reference=moru-template/{owner}/*");
        if (images.Length > 0) await DockerAsync(["image", "rm", "--force", .. images.Split('\n')]);
    }

    private async Task StartAsync(HttpClient api, params string[] commands)
    {
        using var made = await api.PostAsJsonAsync("v3/templates", new NewTemplate { Alias = "doomed", CpuCount = 1, MemoryMB = 512 }, ApiJson.Default.NewTemplate, Cancelled);
        template = await made.Content.ReadFromJsonAsync(ApiJson.Default.RequestedTemplate, Cancelled);
        var start = new TemplateBuildStart { FromImage = "ghcr.io/moru-ai/base", Steps = [.. commands.Select(command => new TemplateStep { Type = "RUN", Args = [command] })] };
        (await api.PostAsJsonAsync($"v2/templates/{template!.TemplateId}/builds/{template.BuildId}", start, ApiJson.Default.TemplateBuildStart, Cancelled)).EnsureSuccessStatusCode().Dispose();
    }

    private async Task<TemplateBuildInfo> StatusAsync(HttpClient api) =>
        (await api.GetFromJsonAsync($"templates/{template!.TemplateId}/builds/{template.BuildId}/status", ApiJson.Default.TemplateBuildInfo, Cancelled))!;

    private Task<string> ContainersAsync() => DockerAsync("ps", "--all", "--quiet", "--filter", $"label=moru={owner}-builds");
}
