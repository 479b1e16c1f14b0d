using Moru.Runtime;

namespace Moru.Server.Tests;

/// <summary>How builds end that do not end by themselves, and whose is what they made.</summary>
public sealed class TemplateLimitSpecs
{
    private const string Endless = """{"fromImage":"ghcr.io/moru-ai/base","steps":[{"type":"RUN","args":["for ever"]}]}""";

    [Fact]
    public async Task A_build_that_takes_too_long_ends_and_leaves_no_container()
    {
        await using var server = await StartAsync(options => options with { BuildTimeout = TimeSpan.FromSeconds(1) });

        var ids = await server.BuildAsync("mine", Endless, "error");

        Assert.Equal(("1", true), (Reason(await server.StatusAsync(ids), "step"), Reason(await server.StatusAsync(ids), "message")!.Contains("the build took longer than", StringComparison.Ordinal)));
        Assert.Empty(server.Engine.SandboxIds);
    }

    [Fact]
    public async Task A_template_that_does_not_become_ready_in_time_fails_at_its_end()
    {
        await using var server = await StartAsync(options => options with { ReadyTimeout = TimeSpan.FromSeconds(1) });

        var ids = await server.BuildAsync("mine", """{"fromImage":"ghcr.io/moru-ai/base","startCmd":"for ever","readyCmd":"fails"}""", "error");

        var status = await server.StatusAsync(ids);
        Assert.Equal(("finalize", "the template was not ready within 1 s: 'fails' did not succeed"), (Reason(status, "step"), Reason(status, "message")));
        Assert.DoesNotContain(server.Engine.Images, image => image.Contains("/image:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Deleting_a_template_ends_the_build_that_runs()
    {
        await using var server = await StartAsync();
        var ids = await server.StartBuildAsync("mine", Endless);
        await Eventually.TrueAsync(() => server.Engine.Commands.Any(command => command.Start.Process!.Args![^1] == "for ever"));

        Assert.Equal(204, (await server.DeleteAsync("/templates/mine")).Status);

        Assert.Empty(server.Engine.SandboxIds);
        (await server.StatusAsync(ids)).Fails(404, ids.Build);
        Assert.Equal(202, (await server.PostAsync("/v3/templates", """{"alias":"mine"}""")).Status);
    }

    [Fact]
    public async Task Builds_of_different_templates_run_at_the_same_time()
    {
        await using var server = await StartAsync();

        var one = await server.StartBuildAsync("one", Endless);
        var two = await server.StartBuildAsync("two", Endless);

        await Eventually.TrueAsync(() => server.Engine.Commands.Count(command => command.Start.Process!.Args![^1] == "for ever") == 2);
        Assert.Equal(("building", "building"), ((await server.StatusAsync(one))["status"], (await server.StatusAsync(two))["status"]));
    }

    [Fact]
    public async Task Layers_of_one_team_are_not_reused_by_another()
    {
        await using var server = await StartAsync();
        var other = await server.NewTeamAsync();
        const string Plan = """{"fromImage":"ghcr.io/moru-ai/base","steps":[{"type":"RUN","args":["make"]}]}""";
        await server.BuildAsync("mine", Plan);

        var made = await other.PostAsync("/v3/templates", """{"alias":"theirs"}""");
        var build = $"templates/{made["templateID"]}/builds/{made["buildID"]}";
        await other.PostAsync($"/v2/{build}", Plan);
        await Eventually.TrueAsync(async () => (await other.GetAsync($"/{build}/status"))["status"] == "ready");

        Assert.Equal(2, server.Engine.Commands.Count(command => command.Start.Process!.Args![^1] == "make"));
        Assert.Equal(["base", "builder 1/1"], await server.CachedStepsAsync("again", Plan));
    }

    [Fact]
    public async Task Sandboxes_have_the_size_of_their_template()
    {
        await using var server = await StartAsync();
        var made = await server.PostAsync("/v3/templates", """{"alias":"small","cpuCount":1,"memoryMB":256}""");
        await server.PostAsync($"/v2/templates/{made["templateID"]}/builds/{made["buildID"]}", """{"fromImage":"ghcr.io/moru-ai/base"}""");
        await Eventually.TrueAsync(async () => (await server.StatusAsync((made["templateID"]!, made["buildID"]!)))["status"] == "ready");

        var sandbox = await server.PostAsync("/sandboxes", """{"templateID":"small"}""");

        var detail = (await server.GetAsync($"/sandboxes/{sandbox["sandboxID"]}")).Json;
        Assert.Equal((1, 256), (detail.GetProperty("cpuCount").GetInt32(), detail.GetProperty("memoryMB").GetInt32()));
        Assert.Equal((1, 256), (server.Engine.Specs.Single().Limits.CpuCount, server.Engine.Specs.Single().Limits.MemoryMB));
    }

    [Fact]
    public async Task A_step_that_has_written_more_than_a_sandbox_may_fails_with_the_limit()
    {
        await using var server = await StartAsync(options => options with { Limits = new TeamLimits { DiskSizeMB = 100 } });
        server.Engine.OnCommand = start =>
        {
            if (start.Process!.Args![^1] == "write") server.Engine.WrittenBytes = 101 << 20;
            return Task.FromResult((0, ""));
        };

        var ids = await server.BuildAsync("mine", """{"fromImage":"ghcr.io/moru-ai/base","steps":[{"type":"RUN","args":["true"]},{"type":"RUN","args":["write"]}]}""", "error");

        var status = await server.StatusAsync(ids);
        Assert.Equal("2", Reason(status, "step"));
        Assert.Contains("more than the 100 MiB that a sandbox of this team may", Reason(status, "message"), StringComparison.Ordinal);
        Assert.Empty(server.Engine.SandboxIds);
    }

    [Fact]
    public async Task A_step_that_goes_on_writing_is_ended_and_what_steps_wrote_adds_up()
    {
        await using var server = await StartAsync(options => options with { Limits = new TeamLimits { DiskSizeMB = 100 } });
        server.Engine.WrittenBytes = 40 << 20;

        var ids = await server.BuildAsync("mine", """{"fromImage":"ghcr.io/moru-ai/base","steps":[{"type":"RUN","args":["true"]},{"type":"RUN","args":["for ever"]}]}""", "error");

        Assert.Equal("2", Reason(await server.StatusAsync(ids), "step"));
    }

    [Fact]
    public async Task An_agent_is_told_again_what_got_lost()
    {
        await using var server = await StartAsync();
        server.Engine.LostAnswers = 2;

        await server.BuildAsync("mine", """{"fromImage":"ghcr.io/moru-ai/base"}""");
    }

    /// <summary>A server where "for ever" never ends, and "fails" does with an error.</summary>
    private static async Task<MemoryServer> StartAsync(Func<RuntimeOptions, RuntimeOptions>? configure = null)
    {
        var server = await MemoryServer.StartAsync(configure);
        server.Engine.OnCommand = async start =>
        {
            if (start.Process!.Args![^1] == "for ever") await Task.Delay(Timeout.Infinite, MemoryServer.Cancel);
            return (start.Process.Args[^1] == "fails" ? 1 : 0, "");
        };
        return server;
    }

    private static string? Reason(Answer status, string member) => status.Json.GetProperty("reason").GetProperty(member).GetString();
}
