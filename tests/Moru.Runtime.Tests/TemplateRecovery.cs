namespace Moru.Runtime.Tests;

public sealed class TemplateRecovery
{
    [Fact]
    public async Task A_build_that_the_server_did_not_survive_has_failed_and_left_nothing()
    {
        await using var node = await Node.OpenAsync();
        node.Engine.OnCommand = async _ =>
        {
            await Task.Delay(Timeout.Infinite, Node.Cancel);
            return (0, "");
        };
        var (template, build) = node.Runtime.Templates.Request(node.Runtime.Teams.First.Id, "mine", null, null);
        node.Runtime.Builds.Start(node.Runtime.Teams.First.Id, template.Id, build.Id, new BuildPlan { FromImage = "moru/base" });
        await Eventually.TrueAsync(() => node.Engine.SandboxIds.Count == 1);

        await node.CrashAndReopenAsync();

        var (failed, _) = node.Runtime.Builds.Get(node.Runtime.Teams.First.Id, template.Id, build.Id);
        Assert.Equal((BuildStatus.Error, "the server ended during the build; build it again"), (failed.Status, failed.Reason));
        await Eventually.TrueAsync(() => node.Engine.SandboxIds.Count == 0);
    }

    [Fact]
    public async Task A_server_that_stops_ends_its_builds_and_says_so()
    {
        await using var node = await Node.OpenAsync();
        node.Engine.OnCommand = async _ =>
        {
            await Task.Delay(Timeout.Infinite, Node.Cancel);
            return (0, "");
        };
        var (template, build) = node.Runtime.Templates.Request(node.Runtime.Teams.First.Id, "mine", null, null);
        node.Runtime.Builds.Start(node.Runtime.Teams.First.Id, template.Id, build.Id, new BuildPlan { FromImage = "moru/base" });
        await Eventually.TrueAsync(() => node.Engine.Commands.Count > 0);

        await node.ReopenAsync();

        var (failed, log) = node.Runtime.Builds.Get(node.Runtime.Teams.First.Id, template.Id, build.Id);
        Assert.Equal(BuildStatus.Error, failed.Status);
        Assert.Contains("Build failed: the server stopped during the build", log[^1].Message, StringComparison.Ordinal);
        Assert.Empty(node.Engine.SandboxIds);
    }

    [Fact]
    public async Task An_image_that_a_sandbox_uses_is_removed_after_its_end()
    {
        await using var node = await Node.OpenAsync();
        var first = await BuildAsync(node);
        var sandbox = await node.Sandboxes.CreateAsync(new SandboxRequest { TemplateId = "mine", Timeout = TimeSpan.FromHours(1) }, Node.Cancel);
        var second = await BuildAsync(node);
        Assert.Contains(first, node.Engine.Images);

        await node.Sandboxes.KillAsync(sandbox.Id, EndReason.Killed, Node.Cancel);
        node.Clock.Advance(TimeSpan.FromMinutes(5));

        await Eventually.TrueAsync(() => !node.Engine.Images.Contains(first));
        Assert.Contains(second, node.Engine.Images);
    }

    private static async Task<string> BuildAsync(Node node)
    {
        var (template, build) = node.Runtime.Templates.Request(node.Runtime.Teams.First.Id, "mine", null, null);
        node.Runtime.Builds.Start(node.Runtime.Teams.First.Id, template.Id, build.Id, new BuildPlan { FromImage = "moru/base" });
        await Eventually.TrueAsync(() => node.Runtime.Builds.Get(node.Runtime.Teams.First.Id, template.Id, build.Id).Build.Status is BuildStatus.Ready);
        return node.Runtime.Builds.Get(node.Runtime.Teams.First.Id, template.Id, build.Id).Build.Result!.Image;
    }
}
