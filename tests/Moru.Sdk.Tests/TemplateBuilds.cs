using System.Runtime.CompilerServices;
using Moru.Protocol;

namespace Moru.Sdk.Tests;

/// <summary>Templates that are really built, and sandboxes really made from them.</summary>
public sealed class TemplateBuilds(ServerFixture fixture) : IDisposable
{
    private readonly TemporaryDirectory directory = new();
    private readonly string alias = "t" + Guid.NewGuid().ToString("n");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private static BuildOptions Small => new() { CpuCount = 1, MemoryMB = 512 };

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_template_is_what_its_steps_made_of_it()
    {
        Write("app/main.py", "print('main')");
        Write("app/.env", "A=1");
        Write("app/build.log", "ignored");
        File.CreateSymbolicLink(Path.Combine(directory.Path, "app/link"), "main.py");
        var told = new List<BuildLogEntry>();
        var template = Template.FromBaseImage()
            .WithContext(directory.Path, ["**/*.log"])
            .SetEnvs(new Dictionary<string, string> { ["GREETING"] = "hello $USER" })
            .SetWorkdir("/srv/app")
            .Copy("app", ".")
            .Copy("app/main.py", "/opt/renamed.py", new() { User = "root", Mode = (UnixFileMode)0b111_101_000 })
            .MakeDir("/srv/app/my data")
            .RunCmd("echo \"$GREETING\" > greeting; printf '\\033[31mred\\033[0m\\n'")
            .SetStartCmd("sleep 1; python3 -m http.server 8000", ReadyCommand.Port(8000));

        var build = await fixture.Client.BuildTemplateAsync(template, alias, Small with { OnBuildLogs = told.Add }, Cancelled);
        await using var sandbox = await fixture.Client.CreateSandboxAsync(alias, cancellationToken: Cancelled);

        Assert.Contains(told, entry => entry.Message == "Uploaded 'app'");
        Assert.Contains(told, entry => entry.Message.EndsWith("[stdout]: red", StringComparison.Ordinal) && entry.Step == "6");
        Assert.Contains(told, entry => entry.Message == "Template is ready");
        var result = await sandbox.Commands.RunAsync("pwd; ls -A; cat greeting; readlink link; stat -c '%U %a' /opt/renamed.py; curl -s localhost:8000/main.py", cancellationToken: Cancelled);
        Assert.Equal(
            ["/srv/app", ".env", "greeting", "link", "main.py", "my data", "hello user", "main.py", "root 750", "print('main')"],
            result.Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal((1, 512, build.TemplateId), ((await sandbox.GetInfoAsync(Cancelled)) is var info ? info.CpuCount : 0, info.MemoryMB, info.TemplateId));
    }

    [Fact]
    public async Task A_step_that_fails_is_named_with_the_line_it_is_written_in()
    {
        var line = LineOf() + 2;
        var template = Template.FromBaseImage().RunCmd("true")
            .RunCmd("echo this is why >&2; exit 42");

        var error = await Assert.ThrowsAsync<BuildException>(() => fixture.Client.BuildTemplateAsync(template, alias, Small, Cancelled));

        Assert.StartsWith(
            $"Template '{alias}' failed at RUN echo this is why >&2; exit 42 (TemplateBuilds.cs:{line}): failed to run command 'echo this is why >&2; exit 42': exit status 42",
            error.Message, StringComparison.Ordinal);
        Assert.Equal(2, error.Message.Split("exit 42': exit status 42").Length);
        Assert.Equal(("TemplateBuilds.cs", line), (Path.GetFileName(error.SourceFile), error.SourceLine));
        Assert.Equal(TemplateBuildStatus.Error, (await fixture.Client.ListTemplatesAsync(Cancelled)).Single(listed => listed.Aliases.Contains(alias)).BuildStatus);
    }

    [Fact]
    public async Task A_start_command_and_an_image_that_fail_are_named_too()
    {
        var line = LineOf() + 1;
        var start = Template.FromBaseImage()
            .SetStartCmd("exit 9", "false");
        var image = Template.FromImage("localhost:1/none");

        var failed = await Assert.ThrowsAsync<BuildException>(() => fixture.Client.BuildTemplateAsync(start, alias, Small, Cancelled));
        var missing = await Assert.ThrowsAsync<BuildException>(() => fixture.Client.BuildTemplateAsync(image, alias, Small, Cancelled));

        Assert.Contains($"the start command (TemplateBuilds.cs:{line + 1}): failed to run command 'exit 9': exit status 9", failed.Message, StringComparison.Ordinal);
        Assert.Contains($"FROM localhost:1/none (TemplateBuilds.cs:{line + 2}): failed to pull image", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_build_in_the_background_goes_on_by_itself_and_is_followed()
    {
        var build = await fixture.Client.StartTemplateBuildAsync(Template.FromBaseImage().RunCmd("sleep 1; echo done"), alias, Small, Cancelled);
        var first = await fixture.Client.GetTemplateBuildStatusAsync(build, cancellationToken: Cancelled);

        var told = new List<string>();
        await fixture.Client.WaitForTemplateBuildAsync(build, entry => told.Add(entry.Message), Cancelled);
        var last = await fixture.Client.GetTemplateBuildStatusAsync(build, logsOffset: told.Count - 1, Cancelled);

        Assert.Equal(TemplateBuildStatus.Building, first.Status);
        Assert.Equal((TemplateBuildStatus.Ready, told[^1]), (last.Status, last.LogEntries.Single().Message));
        Assert.Contains(told, line => line.EndsWith("[stdout]: done", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_build_that_somebody_else_began_fails_by_the_id_of_its_template()
    {
        var build = await fixture.Client.StartTemplateBuildAsync(Template.FromBaseImage().RunCmd("exit 3"), alias, Small, Cancelled);

        var error = await Assert.ThrowsAsync<BuildException>(() => fixture.Client.WaitForTemplateBuildAsync(new BuildInfo("", build.TemplateId, build.BuildId), null, Cancelled));

        Assert.Equal($"Build {build.BuildId} of template '{build.TemplateId}' failed at step 1: failed to run command 'exit 3': exit status 3", error.Message);
    }

    [Fact]
    public async Task A_template_keeps_its_id_over_its_builds_until_it_is_deleted()
    {
        var template = Template.FromBaseImage().RunCmd("echo 1");
        var first = await fixture.Client.BuildTemplateAsync(template, alias, Small, Cancelled);
        var told = new List<string>();
        var second = await fixture.Client.BuildTemplateAsync(template, alias, Small with { OnBuildLogs = entry => told.Add(entry.Message) }, Cancelled);

        Assert.Equal(first.TemplateId, second.TemplateId);
        Assert.Contains(told, line => line.StartsWith("CACHED [builder 1/1] RUN echo 1", StringComparison.Ordinal));
        Assert.Equal([second.BuildId, first.BuildId], await fixture.Client.ListTemplateBuildsAsync(first.TemplateId, Cancelled).Select(build => build.BuildId).ToListAsync(Cancelled));

        await fixture.Client.PublishTemplateAsync(alias, Cancelled);
        Assert.True((await FindAsync())!.Public);
        await fixture.Client.UnpublishTemplateAsync(alias, Cancelled);
        Assert.False((await FindAsync())!.Public);

        Assert.True(await fixture.Client.DeleteTemplateAsync(alias, Cancelled));
        Assert.Null(await FindAsync());
        Assert.False(await fixture.Client.DeleteTemplateAsync(alias, Cancelled));
        await Assert.ThrowsAsync<NotFoundException>(() => fixture.Client.CreateSandboxAsync(alias, cancellationToken: Cancelled));
    }

    [Fact]
    public async Task A_dockerfile_is_built()
    {
        Write("docker/Dockerfile", "FROM moru/base\nARG WHO=world\nCOPY docker/file /srv/\nRUN echo \"hello $WHO\" >> /srv/file\nWORKDIR /srv\n");
        Write("docker/file", "from the context\n");

        await fixture.Client.BuildTemplateAsync(Template.FromDockerfile(Path.Combine(directory.Path, "docker/Dockerfile")).WithContext(directory.Path), alias, Small, Cancelled);
        await using var sandbox = await fixture.Client.CreateSandboxAsync(alias, cancellationToken: Cancelled);

        Assert.Equal("from the context\nhello world\nuser\n", (await sandbox.Commands.RunAsync("cat file; id -un", cancellationToken: Cancelled)).Stdout);
    }

    [Fact]
    public async Task A_name_or_size_that_is_none_is_refused()
    {
        await Assert.ThrowsAsync<InvalidArgumentException>(() => fixture.Client.BuildTemplateAsync(Template.FromBaseImage(), "no name", Small, Cancelled));
        await Assert.ThrowsAsync<InvalidArgumentException>(() => fixture.Client.BuildTemplateAsync(Template.FromBaseImage(), alias, new() { MemoryMB = 129 }, Cancelled));
    }

    private static int LineOf([CallerLineNumber] int line = 0) => line;

    private async Task<TemplateInfo?> FindAsync() => (await fixture.Client.ListTemplatesAsync(Cancelled)).FirstOrDefault(listed => listed.Aliases.Contains(alias));

    private void Write(string name, string content)
    {
        var path = Path.Combine(directory.Path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
    }
}
