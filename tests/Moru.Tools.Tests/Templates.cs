namespace Moru.Tools.Tests;

public sealed class Templates(ToolTests.Shared shared) : ToolTests(shared), IClassFixture<ToolTests.Shared>
{
    [Covers("build_template(dockerfile)", "Template().from_python_image()", "Template().from_node_image()", "Template().from_ubuntu_image()", "Template().from_base_image()", "Template().from_image()", "Template().from_dockerfile()", "Template().pip_install()", "Template().npm_install()", "Template().bun_install()", "Template().apt_install()", "Template().make_dir()", "Template().run_cmd()", "Template().set_user()")]
    [Covers("build_template", "Template.build()")]
    [Covers("build_template(name)", "Template.build(alias)")]
    [Covers("build_template(wait_seconds)", "Template.build_in_background()")]
    [Covers("read_build", "Template.get_build_status()")]
    [Fact]
    public async Task A_template_is_built_used_and_deleted()
    {
        var built = await Tools.CallAsync<TemplateBuild>("build_template", new { name = "tooled", dockerfile = "FROM moru/base\nRUN echo from-template > /made.txt", wait_seconds = 300 });
        var again = await Tools.CallAsync<TemplateBuild>("read_build", new { template_id = built.TemplateId, build_id = built.BuildId });
        var listed = await Tools.CallAsync<TemplateList>("list_templates", new { });
        var sandbox = await Tools.CallAsync<CreatedSandbox>("create_sandbox", new { template = "tooled", timeout_seconds = 120 });
        var output = await Tools.CallAsync<CommandOutput>("run_command", new { command = "cat /made.txt", sandbox_id = sandbox.SandboxId });
        await Tools.CallAsync("kill_sandbox", new { sandbox_id = sandbox.SandboxId });
        await Tools.CallAsync<DeletedTemplate>("delete_template", new { template = "tooled" });

        Assert.Equal(("ready", "ready"), (built.Status, again.Status));
        Assert.Contains(listed.Templates, line => line is { Name: "tooled", Status: "ready" });
        Assert.Equal("from-template\n", output.Stdout);
        Assert.StartsWith("There is no template 'tooled'. There are: base", await Tools.FailAsync("delete_template", new { template = "tooled" }), StringComparison.Ordinal);
    }

    [Covers("build_template(dockerfile)", "Template().set_workdir()", "Template().set_envs()")]
    [Covers("build_template(start_command)", "Template().set_start_cmd()")]
    [Covers("build_template(cpus)", "Template.build(cpu_count)")]
    [Covers("build_template(memory_mb)", "Template.build(memory_mb)")]
    [Covers("build_template(ready_command)", "wait_for_port()", "wait_for_url()", "wait_for_file()", "wait_for_process()", "wait_for_timeout()")]
    [Fact]
    public async Task A_template_has_its_size_and_its_server_runs_from_the_start()
    {
        await Tools.CallAsync("build_template", new
        {
            name = "served",
            dockerfile = "FROM moru/base\nENV GREETING=hello\nWORKDIR /srv\nRUN echo \"$GREETING\" > page.txt",
            start_command = "python3 -m http.server 8000 -d /srv",
            ready_command = "curl -sf localhost:8000/page.txt",
            cpus = 1,
            memory_mb = 512,
            wait_seconds = 300,
        });
        var sandbox = (await Tools.CallAsync<CreatedSandbox>("create_sandbox", new { template = "served", timeout_seconds = 120 })).SandboxId;
        var details = await Tools.CallAsync<SandboxDetails>("inspect_sandbox", new { sandbox_id = sandbox });
        var page = await Tools.CallAsync<CommandOutput>("run_command", new { command = "curl -s localhost:8000/page.txt", sandbox_id = sandbox });
        await Tools.CallAsync("kill_sandbox", new { sandbox_id = sandbox });
        await Tools.CallAsync("delete_template", new { template = "served" });

        Assert.Equal((1, 512L << 20), (details.Cpus, details.MemoryBytes));
        Assert.Equal("hello\n", page.Stdout);
    }

    [Fact]
    public async Task What_is_not_ones_own_or_not_there_is_told_apart()
    {
        Assert.Equal("The template 'base' is not yours, so it cannot be deleted.", await Tools.FailAsync("delete_template", new { template = "base" }));
        Assert.StartsWith("There is no build 'first' of template 'base'", await Tools.FailAsync("read_build", new { template_id = "base", build_id = "first" }), StringComparison.Ordinal);
    }

    [Covers("build_template", "Template.build(on_build_logs)")]
    [Fact]
    public async Task A_build_that_fails_shows_its_log_and_the_step()
    {
        var failed = await Tools.CallAsync<TemplateBuild>("build_template", new { name = "broken", dockerfile = "FROM moru/base\nRUN echo before; exit 3", wait_seconds = 300 });
        var unusable = await Tools.FailAsync("create_sandbox", new { template = "broken" });
        await Tools.CallAsync("delete_template", new { template = "broken" });

        Assert.StartsWith("The template 'broken' has no successful build yet. Build it with build_template", unusable, StringComparison.Ordinal);
        Assert.Equal(("error", true), (failed.Status, failed.IsError));
        Assert.Contains("before", failed.Log, StringComparison.Ordinal);
        Assert.Contains("echo before; exit 3", failed.ToString(), StringComparison.Ordinal);
        Assert.Contains("Fix the step", failed.Note, StringComparison.Ordinal);
        Assert.DoesNotContain((await Tools.CallAsync<TemplateList>("list_templates", new { })).Templates, line => line.Name == "broken");
    }

    [Fact]
    public async Task A_failure_says_why_once_and_names_no_line_but_those_of_the_Dockerfile()
    {
        var step = await FailedAsync("FROM moru/base\n# why\nRUN exit 43");
        var start = await FailedAsync("FROM moru/base\nRUN true", start: "exit 44");
        var again = await Tools.CallAsync<TemplateBuild>("read_build", new { template_id = start.TemplateId, build_id = start.BuildId });
        await Tools.CallAsync("delete_template", new { template = "reasons" });

        Assert.Contains("Template 'reasons' failed at RUN exit 43 (Dockerfile:3): failed to run command 'exit 43': exit status 43. Fix the step", step.Note, StringComparison.Ordinal);
        Assert.Contains("Template 'reasons' failed at the start command: failed to run command 'exit 44': exit status 44. Fix", start.Note, StringComparison.Ordinal);
        Assert.Contains($"Build {start.BuildId} of template '{start.TemplateId}' failed at the start command: failed to run command 'exit 44': exit status 44. Fix", again.Note, StringComparison.Ordinal);
        Assert.Equal([2, 2, 2], new[] { step, start, again }.Select(failed => failed.ToString().Split(": exit status 4").Length));
    }

    [Covers("build_template(dockerfile)", "Template().from_template()")]
    [Fact]
    public async Task FROM_may_name_a_template_which_then_wins_over_an_image_of_that_name()
    {
        var parent = await Tools.CallAsync<TemplateBuild>("build_template", new
        {
            name = "t-parent", dockerfile = "FROM base\nRUN id -un > /made.txt; pwd >> /made.txt\nENV COLOUR=green\nUSER agent\nWORKDIR /srv", wait_seconds = 300,
        });
        var child = await Tools.CallAsync<TemplateBuild>("build_template", new { name = "t-child", dockerfile = "FROM T-Parent AS x\nRUN id -un >> /made.txt; pwd >> /made.txt", wait_seconds = 300 });
        var sandbox = (await Tools.CallAsync<CreatedSandbox>("create_sandbox", new { template = "t-child", timeout_seconds = 120 })).SandboxId;
        var output = await Tools.CallAsync<CommandOutput>("run_command", new { command = "cat /made.txt; id -un; pwd; echo $COLOUR $LANG", sandbox_id = sandbox });
        await Tools.CallAsync("kill_sandbox", new { sandbox_id = sandbox });
        foreach (var template in new[] { "t-child", "t-parent" }) await Tools.CallAsync("delete_template", new { template });

        Assert.Equal(("ready", "ready"), (parent.Status, child.Status));
        Assert.Equal("root\n/home/user\nroot\n/srv\nagent\n/srv\ngreen C.UTF-8\n", output.Stdout);
    }

    [Fact]
    public async Task FROM_a_name_that_nobody_knows_is_answered_with_those_that_there_are()
    {
        var failed = await FailedAsync("FROM localhost:1/no-such-thing");
        var itself = await FailedAsync("FROM reasons");
        await Tools.CallAsync("delete_template", new { template = "reasons" });

        Assert.Contains("failed at FROM localhost:1/no-such-thing (Dockerfile:1): failed to pull image 'localhost:1/no-such-thing:latest'", failed.Note, StringComparison.Ordinal);
        Assert.Contains("templates to start from instead: base, python, node", failed.Note, StringComparison.Ordinal);
        Assert.Contains("failed at FROM reasons (Dockerfile:1): failed to pull image 'reasons:latest'", itself.Note, StringComparison.Ordinal);
        Assert.Contains("In FROM, the name of another template (list_templates) is that template; all else is an image of a registry, such as docker.io/library/python:3.12.", failed.Note, StringComparison.Ordinal);
    }

    [Covers("build_template(dockerfile)", "Template().copy()")]
    [Theory]
    [InlineData("FROM moru/base\nCOPY . /app", "has COPY or ADD")]
    [InlineData("FROM moru/base\n  add /etc/passwd /x", "has COPY or ADD")]
    [InlineData("FROM moru/base\nONBUILD COPY a b", "has COPY or ADD")]
    [InlineData("RUN echo", "FROM")]
    public async Task A_build_reads_no_file_of_this_machine_and_says_what_it_cannot_do(string dockerfile, string expected)
    {
        Assert.Contains(expected, await Tools.FailAsync("build_template", new { name = "refused", dockerfile }), StringComparison.Ordinal);
    }

    private Task<TemplateBuild> FailedAsync(string dockerfile, string? start = null) =>
        Tools.CallAsync<TemplateBuild>("build_template", new { name = "reasons", dockerfile, start_command = start, wait_seconds = 300 });
}
