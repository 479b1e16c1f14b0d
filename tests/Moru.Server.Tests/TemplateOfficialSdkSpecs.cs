using System.Diagnostics;
using System.Security.Cryptography;
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

        var told = JsonDocument.Parse(await RunAsync("node", Path.Combine(await InstallAsync(), "build.mjs"), server.Http.BaseAddress!.ToString().TrimEnd('/'), server.ApiKey, folder.Path)).RootElement;

        var logs = told.GetProperty("logs").EnumerateArray().Select(line => line.GetString()!).ToList();
        Assert.Contains("Template is ready", logs);
        Assert.Contains(logs, line => line.StartsWith("Build finished, took ", StringComparison.Ordinal));
        Assert.Equal("failed to run command 'exit 5': exit status 5", told.GetProperty("error").GetProperty("message").GetString());
        var id = await server.CreateAsync("js-built");
        Assert.Equal("greeting main.py hello data", await server.RunAsync(id, "echo $(ls) $(cat greeting) $(cat /srv/data/deep/file)"));
        Assert.Equal("hello", await server.RunAsync(id, "curl -s localhost:8000/greeting"));
    }

    private static async Task WriteAsync(string folder, string name, string content)
    {
        var path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, content, DockerServer.Cancel);
    }

    /// <summary>The same version, in the same folder, as the tests of envd use.</summary>
    private static async Task<string> InstallAsync()
    {
        var source = Path.Combine(Artifacts.Root, "tests/Moru.Envd.Tests/js");
        var parent = Directory.CreateDirectory(Path.Combine(Artifacts.Root, "artifacts/tests/js")).FullName;
        var folder = Path.Combine(parent, Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(source, "package-lock.json"))))[..16]);
        if (!Directory.Exists(folder))
        {
            var work = Directory.CreateDirectory($"{folder}.{Environment.ProcessId}").FullName;
            foreach (var name in (string[])["package.json", "package-lock.json"]) File.Copy(Path.Combine(source, name), Path.Combine(work, name));
            await RunAsync("npm", "ci", "--prefix", work, "--ignore-scripts", "--no-audit", "--no-fund");
            Directory.Move(work, folder);
        }

        File.Copy(Path.Combine(Artifacts.Root, "tests/Moru.Server.Tests/js/build.mjs"), Path.Combine(folder, "build.mjs"), overwrite: true);
        return folder;
    }

    private static async Task<string> RunAsync(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(DockerServer.Cancel);
        limit.CancelAfter(TimeSpan.FromMinutes(3));
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var errors = process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return process.ExitCode == 0 ? await output : throw new InvalidOperationException($"{string.Join(' ', command)}: {await errors}");
    }
}
