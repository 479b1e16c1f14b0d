// As users write them: the tokens that tests pass everywhere else would hide what the snippet says.
#pragma warning disable xUnit1051
using Moru.Protocol;

namespace Moru.Sdk.Tests;

/// <summary>The snippets of the Python SDK reference about templates, line by line in C#. Tests are named after its headings.</summary>
[Collection("environment")]
public sealed class SeedTemplateSnippets : IDisposable
{
    private readonly ServerFixture fixture;
    private readonly TemporaryDirectory directory = new();

    public SeedTemplateSnippets(ServerFixture fixture)
    {
        this.fixture = fixture;
        DefaultClient.LeadTo(fixture);
    }

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Template_class()
    {
        await using var image = await OfflineImages.NameAsync("python:3.11", "moru/python");
        Write("app/app.py", "import requests, flask; open('/tmp/started', 'w')");
        var logs = new List<string>();

        var template = Template
            .FromPythonImage("3.11").WithContext(directory.Path)
            .PipInstall(["requests", "flask"])
            .Copy("./app", "/app")
            .SetWorkdir("/app")
            .SetStartCmd("python app.py");

        var info = await Template.BuildAsync(template, "my-template", new()
        {
            CpuCount = 2,
            MemoryMB = 1024,
            OnBuildLogs = entry => logs.Add($"{entry.Level}: {entry.Message}"),
        });
        Assert.Contains(logs, line => line.StartsWith("Info: Build finished, took ", StringComparison.Ordinal));
        await using (var sandbox = await Sandbox.CreateAsync("my-template"))
        {
            Assert.Equal(info.TemplateId, (await sandbox.GetInfoAsync()).TemplateId);
            await Eventually.TrueAsync(() => sandbox.Files.ExistsAsync("/tmp/started"));
        }

        info = await Template.StartBuildAsync(template, "my-template");
        var status = await Template.GetBuildStatusAsync(info);
        Assert.NotEqual(TemplateBuildStatus.Waiting, status.Status);
        await Template.WaitForBuildAsync(info);
    }

    [Fact]
    public async Task Builder_methods()
    {
        await using var image = await OfflineImages.NameAsync("node:lts", "moru/node");
        Write("src/package.json", """{ "name": "package1", "version": "1.0.0", "bin": "hello.js" }""");
        Write("src/hello.js", "#!/usr/bin/env node\nconsole.log('hello from package1')");

        var template = Template.FromNodeImage("lts").WithContext(directory.Path)
            .Copy("./src", "/app/src")
            .NpmInstall(["/app/src"], global: true)
            .MakeDir("/app/data", user: "root")
            .RunCmd("echo 'building'")
            .SetWorkdir("/app")
            .SetUser("appuser")
            .SetEnvs(new Dictionary<string, string> { ["NODE_ENV"] = "production" })
            .SetStartCmd("node -e 'setInterval(() => 0, 1000)'", "true");
        await Template.BuildAsync(template, "builder-methods");
        await Template.BuildAsync(Template.FromTemplate("builder-methods").RunCmd("touch ~/child"), "from-template");

        await using var sandbox = await Sandbox.CreateAsync("from-template");
        var result = await sandbox.Commands.RunAsync("package1; ls; id -un; pwd; echo $NODE_ENV; ls ~; pgrep -c node");
        Assert.Equal("hello from package1\ndata\nsrc\nappuser\n/app\nproduction\nchild\n1\n", result.Stdout);
    }

    [Fact]
    public async Task Ready_commands()
    {
        await using var sandbox = await Sandbox.CreateAsync();
        foreach (var template in new[]
        {
            Template.FromBaseImage().SetStartCmd("python3 -m http.server 8080", ReadyCommand.Port(8080)),
            Template.FromBaseImage().SetStartCmd("python3 -m http.server 3000", ReadyCommand.Url("http://localhost:3000")),
            Template.FromBaseImage().SetStartCmd("touch /tmp/ready", ReadyCommand.File("/tmp/ready")),
            Template.FromBaseImage().SetStartCmd("cp /bin/sleep /tmp/myapp; /tmp/myapp 1000", ReadyCommand.Process("myapp")),
        })
        {
            async Task<bool> IsReadyAsync() => !(await sandbox.Commands.RunAsync($"{template.Ready} || echo not yet")).Stdout.Contains("not yet", StringComparison.Ordinal);
            Assert.False(await IsReadyAsync(), template.Ready!.Text);
            await using var started = await sandbox.Commands.StartAsync(template.StartCommand!);
            await Eventually.TrueAsync(IsReadyAsync);
        }

        Assert.Equal("sleep 1", ReadyCommand.Timeout(TimeSpan.FromMilliseconds(100)).Text);
    }

    /// <summary>
    /// The reference writes its app after the server that serves it must be ready, which nothing can satisfy. Here the server waits for it,
    /// and the template is ready before.
    /// </summary>
    [Fact]
    public async Task Complete_example()
    {
        await using var image = await OfflineImages.NameAsync("python:3.11", "moru/python");
        await OfflineImages.CopyWheelsAsync(Path.Combine(directory.Path, "wheels"));

        // Build custom template
        var template = Template
            .FromPythonImage("3.11").WithContext(directory.Path)
            .Copy("wheels", "/opt/wheels")
            .SetEnvs(new Dictionary<string, string> { ["PIP_NO_INDEX"] = "1", ["PIP_FIND_LINKS"] = "/opt/wheels" })
            .PipInstall(["flask", "gunicorn"])
            .SetWorkdir("/workspace")
            .SetStartCmd("until [ -s app.py ]; do sleep 0.1; done; gunicorn -b 0.0.0.0:8000 app:app", ReadyCommand.Timeout(TimeSpan.FromSeconds(1)));
        await Template.BuildAsync(template, "flask-app");

        // Create volume for persistence
        var vol = await Volume.CreateAsync("flask-workspace");

        // Create sandbox with template and volume
        await using (var sbx = await Sandbox.CreateAsync("flask-app", new()
        {
            Timeout = TimeSpan.FromSeconds(3600),
            VolumeId = vol.VolumeId,
            VolumeMountPath = "/workspace",
            Envs = new Dictionary<string, string> { ["FLASK_ENV"] = "production" },
            Metadata = new Dictionary<string, string> { ["project"] = "demo" },
        }))
        {
            // Write app code
            await sbx.Files.WriteAsync("/workspace/app.py", """
                from flask import Flask
                app = Flask(__name__)

                @app.route('/')
                def hello():
                    return 'Hello from Moru!'
                """);

            // Get public URL
            var host = sbx.GetHost(8000);
            using var http = new HttpClient { BaseAddress = fixture.Server.HttpUrl, DefaultRequestHeaders = { Host = host } };
            await Eventually.TrueAsync(async () =>
            {
                using var answer = await http.GetAsync(new Uri("/", UriKind.Relative));
                return await answer.Content.ReadAsStringAsync() == "Hello from Moru!";
            });
        }

        // Cleanup: sandbox auto-killed, volume persists
        Assert.Contains("Hello from Moru!", System.Text.Encoding.UTF8.GetString(await vol.DownloadAsync("/app.py")), StringComparison.Ordinal);
        Assert.True(await vol.DeleteAsync());
    }

    private void Write(string name, string content)
    {
        var path = Path.Combine(directory.Path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
    }
}
