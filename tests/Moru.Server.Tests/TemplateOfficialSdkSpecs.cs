using System.Text.Json;

namespace Moru.Server.Tests;

/// <summary>A template that the official JavaScript SDK builds.</summary>
public sealed class TemplateOfficialSdkSpecs
{
    [Fact]
    public async Task The_official_sdk_builds_a_template_and_learns_why_another_fails()
    {
        await using var server = await DockerServer.StartAsync();
        server.Forget("js-built", "js-failed");
        using var folder = new TemporaryDirectory();
        await WriteAsync(folder.Path, "src/main.py", "print('main')");
        await WriteAsync(folder.Path, "src/notes.txt", "not copied");
        await WriteAsync(folder.Path, "data/deep/file", "data");

        var told = JsonDocument.Parse(await OfficialSdk.RunAsync([.. Environment(server), ("FOLDER", folder.Path)], """
            const logs = []
            const options = alias => ({ alias, cpuCount: 1, memoryMB: 512, onBuildLogs: entry => logs.push(entry.message) })
            const template = sdk.Template({ fileContextPath: process.env.FOLDER })
              .fromBaseImage()
              .setEnvs({ GREETING: 'hello' })
              .setWorkdir('/srv/app')
              .copy('src/*.py', '.')
              .copy('data', '/srv/data')
              .runCmd('echo "$GREETING" > greeting')
              .setStartCmd('python3 -m http.server 8000', sdk.waitForPort(8000))
            await sdk.Template.build(template, options('js-built'))

            const failing = sdk.Template().fromTemplate('js-built').runCmd('true').runCmd('exit 5')
            return { logs, ...await failure(sdk.Template.build(failing, options('js-failed'))) }
            """)).RootElement;

        var logs = told.GetProperty("logs").EnumerateArray().Select(line => line.GetString()!).ToList();
        Assert.Contains("Template is ready", logs);
        Assert.Contains(logs, line => line.StartsWith("Build finished, took ", StringComparison.Ordinal));
        Assert.Equal("failed to run command 'exit 5': exit status 5", told.GetProperty("message").GetString());
        var id = await server.CreateAsync("js-built");
        Assert.Equal("greeting main.py hello data", await server.RunAsync(id, "echo $(ls) $(cat greeting) $(cat /srv/data/deep/file)"));
        Assert.Equal("hello", await server.RunAsync(id, "curl -s localhost:8000/greeting"));
    }

    [Fact]
    public async Task Packages_of_the_system_and_of_node_are_installed_and_a_sandbox_of_the_sdk_runs_them()
    {
        await using var server = await DockerServer.StartAsync();
        server.Forget("js-packages");
        using var folder = new TemporaryDirectory();
        await WriteAsync(folder.Path, "server.mjs", "import pad from 'left-pad'\nimport { createServer } from 'node:http'\ncreateServer((_, answer) => answer.end(pad('it', 4, '.') + process.env.SUFFIX)).listen(3000)\n");

        var told = await OfficialSdk.RunAsync([.. Environment(server), ("MORU_SANDBOX_URL", Url(server)), ("FOLDER", folder.Path)], """
            const template = sdk.Template({ fileContextPath: process.env.FOLDER })
              .fromTemplate('node')
              .aptInstall(['tree'], { noInstallRecommends: true })
              .setWorkdir('/srv/app')
              .npmInstall('left-pad@1.3.0')
              .copy('server.mjs', '.', { user: 'root', mode: 0o644 })
              .makeDir('cache', { mode: 0o700 })
              .makeSymlink('server.mjs', 'main.mjs')
              .setEnvs({ SUFFIX: '!' })
              .setStartCmd('node main.mjs', sdk.waitForURL('http://localhost:3000'))
            await sdk.Template.build(template, { alias: 'js-packages', cpuCount: 1, memoryMB: 512 })
            const box = await sdk.Sandbox.create('js-packages')
            try {
              const run = async line => (await box.commands.run(line)).stdout.trim()
              return [await run('curl -s localhost:3000'), await run('tree --version | cut -c 1-4'), await run('pwd; id -un'), await run('stat -c "%U %a" server.mjs; stat -c %a cache')]
            } finally { await box.kill() }
            """);

        Assert.Equal("""["..it!","tree","/srv/app\nuser","root 644\n700"]""", told);
    }

    [Fact]
    public async Task The_program_in_the_documents_runs_as_it_stands()
    {
        await using var server = await DockerServer.StartAsync();
        server.Forget("web");
        var document = await File.ReadAllTextAsync(Path.Combine(Artifacts.Root, "docs/templates-and-volumes.md"), DockerServer.Cancel);
        var program = document.Split("```js\n")[1].Split("```")[0];

        var printed = await OfficialSdk.RunProgramAsync([.. Environment(server), ("MORU_SANDBOX_URL", Url(server))], program);

        Assert.Equal("<h1>it works</h1>\nfrom outside", printed.Trim());
    }

    private static IEnumerable<(string Name, string Value)> Environment(DockerServer server) =>
        [("MORU_API_URL", Url(server)), ("MORU_API_KEY", server.ApiKey)];

    private static string Url(DockerServer server) => server.Http.BaseAddress!.ToString().TrimEnd('/');

    private static async Task WriteAsync(string folder, string name, string content)
    {
        var path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, content, DockerServer.Cancel);
    }
}
