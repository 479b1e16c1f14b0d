// As users write them: the tokens that tests pass everywhere else would hide what the snippet says.
#pragma warning disable xUnit1051
using System.Text;

namespace Moru.Sdk.Tests;

/// <summary>The snippets of the Python SDK reference, line by line in C#; those about templates are in <see cref="SeedTemplateSnippets"/>. Tests are named after its headings.</summary>
[Collection("environment")]
public sealed class SeedSnippets
{
    public SeedSnippets(ServerFixture fixture) => DefaultClient.LeadTo(fixture);

    [Fact]
    public async Task Quick_start()
    {
        var sandbox = await Sandbox.CreateAsync();

        var result = await sandbox.Commands.RunAsync("echo 'Hello'");
        Assert.Equal("Hello\n", result.Stdout);

        await sandbox.Files.WriteAsync("/tmp/test.txt", "Hello");
        var content = await sandbox.Files.ReadTextAsync("/tmp/test.txt");
        Assert.Equal("Hello", content);

        Assert.True(await sandbox.KillAsync());
    }

    [Fact]
    public async Task Context_manager()
    {
        string id;
        await using (var sandbox = await Sandbox.CreateAsync())
        {
            id = sandbox.SandboxId;
            var result = await sandbox.Commands.RunAsync("python3 --version");
            Assert.StartsWith("Python 3", result.Stdout, StringComparison.Ordinal);
        }

        await Assert.ThrowsAsync<NotFoundException>(() => Sandbox.GetInfoAsync(id));
    }

    [Fact]
    public async Task Sandbox_creation()
    {
        await using var sandbox = await Sandbox.CreateAsync("base", new()
        {
            Timeout = TimeSpan.FromSeconds(600),
            Metadata = new Dictionary<string, string> { ["key"] = "value" },
            Envs = new Dictionary<string, string> { ["VAR"] = "value" },
            AllowInternetAccess = true,
            Secure = true,
            ApiKey = Environment.GetEnvironmentVariable("MORU_API_KEY"),
        });

        Assert.Equal("value\n", (await sandbox.Commands.RunAsync("echo $VAR")).Stdout);
        Assert.Equal("value", (await sandbox.GetInfoAsync()).Metadata["key"]);
    }

    [Fact]
    public async Task Connection()
    {
        await using var made = await Sandbox.CreateAsync();

        var sandbox = await Sandbox.ConnectAsync(made.SandboxId);
        sandbox = await Sandbox.ConnectAsync(made.SandboxId, TimeSpan.FromSeconds(30));

        Assert.True(await sandbox.IsRunningAsync());
    }

    [Fact]
    public async Task Properties()
    {
        await using var sandbox = await Sandbox.CreateAsync();

        Assert.Matches("^i[a-z0-9]{20}$", sandbox.SandboxId);
        Assert.NotEmpty(sandbox.SandboxDomain);
        Assert.Null(sandbox.TrafficAccessToken);
    }

    [Fact]
    public async Task Methods()
    {
        await using var sandbox = await Sandbox.CreateAsync();

        var info = await sandbox.GetInfoAsync();
        Assert.True(info is { TemplateId: "base", State: Protocol.SandboxState.Running, CpuCount: > 0, MemoryMB: > 0 } && info.StartedAt < info.EndAt);

        await sandbox.SetTimeoutAsync(TimeSpan.FromSeconds(1800));
        Assert.Equal($"8080-{sandbox.SandboxId}.{sandbox.SandboxDomain}", sandbox.GetHost(8080));
        Assert.Contains("path=%2Fpath%2Fto%2Ffile", sandbox.UploadUrl("/path/to/file").Query, StringComparison.Ordinal);
        Assert.Contains("signature=", sandbox.DownloadUrl("/path/to/file").Query, StringComparison.Ordinal);
        Assert.True(await sandbox.PauseAsync());
        Assert.True(await sandbox.KillAsync());
    }

    [Fact]
    public async Task Static_methods()
    {
        var labels = new Dictionary<string, string> { ["project"] = "myapp-" + Guid.NewGuid() };
        await using var sandbox = await Sandbox.CreateAsync(options: new() { Metadata = labels });

        var all = new List<string>();
        await foreach (var info in Sandbox.ListAsync()) all.Add(info.SandboxId);
        Assert.Contains(sandbox.SandboxId, all);

        await foreach (var info in Sandbox.ListAsync(labels)) Assert.Equal(sandbox.SandboxId, info.SandboxId);

        await Sandbox.SetTimeoutAsync(sandbox.SandboxId, TimeSpan.FromSeconds(1800));
        Assert.True(await Sandbox.KillAsync(sandbox.SandboxId));
    }

    [Fact]
    public async Task Files_read()
    {
        await using var sandbox = await Sandbox.CreateAsync();
        await sandbox.Files.WriteAsync("/tmp/file.txt", "text");

        Assert.Equal("text", await sandbox.Files.ReadTextAsync("/tmp/file.txt"));
        Assert.Equal("text"u8.ToArray(), await sandbox.Files.ReadBytesAsync("/tmp/file.txt"));
        await using (var stream = await sandbox.Files.OpenReadAsync("/tmp/file.txt"))
            Assert.Equal("text", await new StreamReader(stream).ReadToEndAsync());
        Assert.Contains("root:", await sandbox.Files.ReadTextAsync("/etc/shadow", user: "root"), StringComparison.Ordinal);
        Assert.Equal("text", await sandbox.With(new() { RequestTimeout = TimeSpan.FromSeconds(30) }).Files.ReadTextAsync("/tmp/file.txt"));
    }

    [Fact]
    public async Task Files_write()
    {
        await using var sandbox = await Sandbox.CreateAsync();

        await sandbox.Files.WriteAsync("/tmp/to/file.txt", "content");
        await sandbox.Files.WriteAsync("/tmp/to/file.bin", "\x00\x01\x02"u8.ToArray());
        await sandbox.Files.WriteFilesAsync([new("/tmp/file1.txt", "content1"), new("/tmp/file2.txt", "content2")]);
        await sandbox.Files.WriteAsync("/etc/config", "data", user: "root");

        Assert.Equal([0, 1, 2], await sandbox.Files.ReadBytesAsync("/tmp/to/file.bin"));
        Assert.Equal("content2", await sandbox.Files.ReadTextAsync("/tmp/file2.txt"));
    }

    [Fact]
    public async Task Files_other_operations()
    {
        await using var sandbox = await Sandbox.CreateAsync();

        await sandbox.Files.MakeDirAsync("/tmp/dir");
        await using (var handle = await sandbox.Files.WatchDirAsync("/tmp/dir"))
        {
            await sandbox.Files.WriteAsync("/tmp/dir/file", "x");
            await foreach (var change in handle.EventsAsync())
            {
                Assert.Equal("Create: file", $"{change.Type}: {change.Name}");
                break;
            }

            await handle.StopAsync();
        }

        Assert.Single(await sandbox.Files.ListAsync("/tmp/dir"));
        Assert.Single(await sandbox.Files.ListAsync("/tmp/dir", depth: 5));
        Assert.True(await sandbox.Files.ExistsAsync("/tmp/dir/file"));
        Assert.Equal("user", (await sandbox.Files.GetInfoAsync("/tmp/dir/file")).Owner);
        await sandbox.Files.RenameAsync("/tmp/dir/file", "/tmp/dir/moved");
        await sandbox.Files.RemoveAsync("/tmp/dir/moved");
        Assert.False(await sandbox.Files.ExistsAsync("/tmp/dir/moved"));
    }

    [Fact]
    public async Task Commands_run()
    {
        await using var sandbox = await Sandbox.CreateAsync();

        var result = await sandbox.Commands.RunAsync("echo 'Hello'");
        Assert.Equal(("Hello\n", "", 0), (result.Stdout, result.Stderr, result.ExitCode));

        var (output, errors) = (new StringBuilder(), new StringBuilder());
        await sandbox.Commands.RunAsync("id -un; pwd; echo $DEBUG >&2", new()
        {
            Cwd = "/tmp",
            User = "root",
            Envs = new Dictionary<string, string> { ["DEBUG"] = "true" },
            Timeout = TimeSpan.FromSeconds(120),
            OnStdout = data => output.Append(data),
            OnStderr = data => errors.Append(data),
        });
        Assert.Equal(("root\n/tmp\n", "true\n"), (output.ToString(), errors.ToString()));

        var handle = await sandbox.Commands.StartAsync("read line; echo $line");
        await handle.SendStdinAsync("input\n");
        Assert.Equal("input\n", (await handle.WaitAsync()).Stdout);
        Assert.False(await handle.KillAsync());
    }

    [Fact]
    public async Task Process_management()
    {
        await using var sandbox = await Sandbox.CreateAsync();
        await using var handle = await sandbox.Commands.StartAsync("sleep 1000");

        var lines = (await sandbox.Commands.ListAsync()).Select(process => $"{process.Pid}: {process.Command}");
        Assert.Equal([$"{handle.Pid}: sleep 1000"], lines);

        Assert.True(await sandbox.Commands.KillAsync(handle.Pid));
    }

    [Fact]
    public async Task Pty_module()
    {
        await using var sandbox = await Sandbox.CreateAsync();
        var shown = new StringBuilder();

        await using var handle = await sandbox.Pty.CreateAsync(new() { Cols = 80, Rows = 24, OnData = data => shown.Append(Encoding.UTF8.GetString(data.Span)) });
        await handle.SendInputAsync("ls -la\n");
        await handle.ResizeAsync(120, 40);
        await handle.KillAsync();
        Assert.Equal(-1, await handle.WaitAsync());

        await using var python = await sandbox.Pty.StartAsync("python3", new() { Cols = 80, Rows = 24, OnData = data => shown.Append(Encoding.UTF8.GetString(data.Span)) });
        await python.SendInputAsync("print(6 * 7)\nexit()\n");
        Assert.Equal(0, await python.WaitAsync());
        Assert.Contains("42", shown.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Volume_class()
    {
        var vol = await Volume.CreateAsync("my-workspace");

        vol = await Volume.GetAsync(vol.VolumeId);
        vol = await Volume.GetAsync("my-workspace");

        var lines = new List<string>();
        await foreach (var listed in Volume.ListAsync()) lines.Add($"{listed.Name}: {listed.TotalSizeBytes} bytes");
        Assert.Contains("my-workspace: 0 bytes", lines);

        Assert.StartsWith("vol_", vol.VolumeId, StringComparison.Ordinal);
        Assert.Equal(("my-workspace", 0, 0), (vol.Name, vol.TotalSizeBytes, vol.TotalFileCount));
        Assert.True(vol.CreatedAt <= vol.UpdatedAt);

        Assert.Empty(await vol.ListFilesAsync("/").ToListAsync());
        var (files, nextToken) = await vol.ListFilePageAsync("/", limit: 100);
        Assert.Equal((0, null), (files.Count, nextToken));

        await vol.UploadAsync("/path/to/file", "content"u8.ToArray());
        var content = await vol.DownloadAsync("/path/to/file");
        Assert.Equal("content"u8.ToArray(), content);
        await vol.DeleteFileAsync("/path/to/file");
        await vol.DeleteFileAsync("/path/to", recursive: true);

        Assert.True(await vol.DeleteAsync());
    }

    [Fact]
    public async Task Error_handling()
    {
        var caught = new List<string>();
        foreach (var (template, command) in new[] { ("base", "exit 3"), ("no-such-template", "true") })
        {
            Sandbox? sandbox = null;
            try
            {
                sandbox = await Sandbox.CreateAsync(template);
                await sandbox.Commands.RunAsync(command);
            }
            catch (AuthenticationException)
            {
                caught.Add("Invalid API key");
            }
            catch (NotFoundException)
            {
                caught.Add("Template not found");
            }
            catch (SandboxTimeoutException)
            {
                caught.Add("Operation timed out");
            }
            catch (CommandExitException error)
            {
                caught.Add($"Command failed: exit code {error.ExitCode}");
            }
            catch (SandboxException error)
            {
                caught.Add($"Sandbox error: {error.Message}");
            }
            finally
            {
                if (sandbox is not null) await sandbox.KillAsync();
            }
        }

        Assert.Equal(["Command failed: exit code 3", "Template not found"], caught);
    }
}
