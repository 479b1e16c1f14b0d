namespace Moru.Server.Tests;

/// <summary>Start and ready commands of templates, at the end of a build and in each sandbox.</summary>
public sealed class TemplateStartSpecs
{
    [Fact]
    public async Task Create_returns_when_the_template_is_ready_and_fails_when_its_start_command_does()
    {
        await using var server = await MemoryServer.StartAsync();
        await server.BuildAsync("mine", """{"fromImage":"ghcr.io/moru-ai/base","startCmd":"serve","readyCmd":"check"}""");
        var checks = 0;
        server.Engine.OnCommand = async start => start.Process!.Args![^1] switch
        {
            "serve" => await Task.Delay(Timeout.Infinite, MemoryServer.Cancel).ContinueWith(_ => (0, "")),
            _ => (++checks < 3 ? 1 : 0, ""),
        };

        var ready = await server.PostAsync("/sandboxes", """{"templateID":"mine"}""");
        server.Engine.OnCommand = start => Task.FromResult((start.Process!.Args![^1] == "serve" ? 4 : 1, "no port free"));
        var broken = await server.PostAsync("/sandboxes", """{"templateID":"mine"}""");

        Assert.Equal((201, 3), (ready.Status, checks));
        broken.Fails(500, "failed to run command 'serve': exit status 4");
    }

    [Fact]
    public async Task Create_fails_with_the_command_that_never_succeeds_and_leaves_nothing()
    {
        await using var server = await MemoryServer.StartAsync(options => options with { StartTimeout = TimeSpan.FromSeconds(2) });
        await server.BuildAsync("mine", """{"fromImage":"ghcr.io/moru-ai/base","startCmd":"serve","readyCmd":"check"}""");
        server.Engine.OnCommand = async start => start.Process!.Args![^1] switch
        {
            "serve" => await Task.Delay(Timeout.Infinite, MemoryServer.Cancel).ContinueWith(_ => (0, "")),
            _ => (1, ""),
        };

        var refused = await server.PostAsync("/sandboxes", """{"templateID":"mine"}""");

        refused.Fails(500, "was not ready within 2 s: 'check' of template 'mine' did not succeed");
        Assert.Empty(server.Engine.SandboxIds);
        Assert.Equal("[]", (await server.GetAsync("/v2/sandboxes")).Text);
    }

    [Fact]
    public async Task A_start_command_that_fails_fails_the_build_at_its_end()
    {
        await using var server = await MemoryServer.StartAsync();
        server.Engine.OnCommand = start => Task.FromResult((start.Process!.Args![^1] is "serve" or "check" ? 1 : 0, ""));

        var ids = await server.BuildAsync("mine", """{"fromImage":"ghcr.io/moru-ai/base","startCmd":"serve","readyCmd":"check"}""", "error");

        Assert.Equal("finalize", (await server.StatusAsync(ids)).Json.GetProperty("reason").GetProperty("step").GetString());
        Assert.DoesNotContain(server.Engine.Images, image => image.Contains("/image:", StringComparison.Ordinal));
    }
}
