// Uses every feature of the SDK once, as a native program, and says so. What goes wrong is an exception and an exit code.
using System.Text;
using Moru;

var labels = new Dictionary<string, string> { ["aot"] = Guid.NewGuid().ToString("n") };
await using var sandbox = await Sandbox.CreateAsync("base", new() { Metadata = labels, Envs = new Dictionary<string, string> { ["X"] = "1" } });

Check("running", await sandbox.IsRunningAsync());
Check("info", (await sandbox.GetInfoAsync()).SandboxId == sandbox.SandboxId);
Check("list", await Sandbox.ListAsync(labels).CountAsync() == 1);
Check("page", (await Sandbox.ListPageAsync(new SandboxQuery { PageSize = 1 })).Sandboxes.Count == 1);
Check("runs", await MoruClient.Default.ListSandboxRunsAsync().AnyAsync());
Check("urls", sandbox.DownloadUrl("/f", expiration: TimeSpan.FromMinutes(1)).Query.Contains("signature_expiration", StringComparison.Ordinal));
await sandbox.SetTimeoutAsync(TimeSpan.FromMinutes(10));

await sandbox.Files.WriteAsync("/tmp/a", "text");
await sandbox.Files.WriteFilesAsync([new("/tmp/b", new byte[] { 1 }), new("/tmp/c", new MemoryStream([2]))]);
Check("text", await sandbox.Files.ReadTextAsync("/tmp/a") == "text");
Check("bytes", (await sandbox.Files.ReadBytesAsync("/tmp/c"))[0] == 2);
await using (var stream = await sandbox.Files.OpenReadAsync("/tmp/b")) Check("stream", stream.ReadByte() == 1);
Check("entry", (await sandbox.Files.GetInfoAsync("/tmp/a")).Permissions == "-rw-r--r--");
Check("directory", await sandbox.Files.MakeDirAsync("/tmp/d") && (await sandbox.Files.ListAsync("/tmp", depth: 2)).Count >= 4);
await using (var watch = await sandbox.Files.WatchDirAsync("/tmp/d", new() { Recursive = true }))
{
    await sandbox.Files.RenameAsync("/tmp/a", "/tmp/d/a");
    Check("watch", (await watch.EventsAsync().FirstAsync()) == new FilesystemEvent(FilesystemEventType.Create, "a"));
}

await sandbox.Files.RemoveAsync("/tmp/d");
Check("removed", !await sandbox.Files.ExistsAsync("/tmp/d/a"));

Check("command", (await sandbox.Commands.RunAsync("echo $X")).Stdout == "1\n");
Check("exit", await Thrown<CommandExitException>(() => sandbox.Commands.RunAsync("exit 3")) is { ExitCode: 3 });
Check("timeout", await Thrown<SandboxTimeoutException>(() => sandbox.Commands.RunAsync("sleep 9", new() { Timeout = TimeSpan.FromSeconds(0.5) })) is not null);
Check("missing", await Thrown<NotFoundException>(() => sandbox.Files.ReadTextAsync("/no/such")) is not null);
await using (var handle = await sandbox.Commands.StartAsync("read line; echo $line"))
{
    Check("processes", (await sandbox.Commands.ListAsync()).Any(process => process.Pid == handle.Pid));
    await using var again = await sandbox.Commands.ConnectAsync(handle.Pid);
    await handle.SendStdinAsync("in\n");
    Check("events", await handle.EventsAsync().LastAsync() == new ExitEvent(0, null));
    Check("connect", (await again.WaitAsync()).Stdout == "in\n");
}

var shown = new StringBuilder();
await using (var terminal = await sandbox.Pty.CreateAsync(new() { OnData = data => shown.Append(Encoding.UTF8.GetString(data.Span)) }))
{
    await terminal.ResizeAsync(120, 40);
    await terminal.SendInputAsync("stty size; exit\n");
    Check("terminal", await terminal.WaitAsync() == 0 && shown.ToString().Contains("40 120", StringComparison.Ordinal));
}

var directory = Directory.CreateTempSubdirectory();
try
{
    await File.WriteAllTextAsync(Path.Combine(directory.FullName, "greeting"), "hello");
    var logs = new List<string>();
    var template = Template.FromDockerfileText("FROM moru/base\nWORKDIR /srv\nCOPY greeting ./").WithContext(directory.FullName, ["*.log"])
        .RunCmd("echo world >> greeting", user: "root").SetEnvs(new Dictionary<string, string> { ["Y"] = "2" });
    var build = await Template.BuildAsync(template, "aot", new() { CpuCount = 1, MemoryMB = 512, OnBuildLogs = entry => logs.Add(entry.Message) });
    Check("build", logs.Contains("Uploaded 'greeting'") && (await Template.GetBuildStatusAsync(build)).Status is Moru.Protocol.TemplateBuildStatus.Ready);
    Check("templates", (await Template.ListAsync()).Any(listed => listed.TemplateId == build.TemplateId) && await Template.ListBuildsAsync(build.TemplateId).AnyAsync());
    var failed = await Thrown<BuildException>(() => Template.BuildAsync(Template.FromTemplate("aot").RunCmd("exit 4"), "aot"));
    Check("build error", failed is { SourceLine: > 0 } && failed.Message.Contains("exit status 4", StringComparison.Ordinal));

    var volume = await Volume.CreateAsync("aot-" + labels["aot"]);
    await volume.UploadAsync("/dir/file", new MemoryStream([1, 2, 3]));
    await using (var made = await Sandbox.CreateAsync("aot", new() { VolumeId = volume.VolumeId, VolumeMountPath = "/data" }))
        Check("made", (await made.Commands.RunAsync("cat /srv/greeting; wc -c < /data/dir/file; echo $Y")).Stdout == "helloworld\n3\n2\n");
    Check("volume", (await Volume.GetAsync(volume.Name)).VolumeId == volume.VolumeId && await Volume.ListAsync().AnyAsync(listed => listed.Name == volume.Name));
    Check("volume files", (await volume.ListFilesAsync("/dir").SingleAsync()).Size == 3 && (await volume.DownloadAsync("/dir/file")).Length == 3);
    await using (var stream = await volume.OpenReadAsync("/dir/file")) Check("volume stream", stream.ReadByte() == 1);
    await volume.DeleteFileAsync("/dir", recursive: true);
    Check("deleted", await volume.DeleteAsync() && await Template.DeleteAsync("aot"));
}
finally
{
    directory.Delete(recursive: true);
}

Check("pause", await sandbox.PauseAsync());
await sandbox.ConnectAsync(TimeSpan.FromMinutes(5));
Check("resumed", await sandbox.With(new() { RequestTimeout = TimeSpan.FromSeconds(30) }).IsRunningAsync());
Check("killed", await sandbox.KillAsync() && !await Sandbox.KillAsync(sandbox.SandboxId));
Console.WriteLine("everything works");

static void Check(string what, bool works)
{
    if (!works) throw new InvalidOperationException($"{what} does not work");
}

static async Task<T?> Thrown<T>(Func<Task> call)
    where T : Exception
{
    try
    {
        await call();
        return null;
    }
    catch (T expected)
    {
        return expected;
    }
}
