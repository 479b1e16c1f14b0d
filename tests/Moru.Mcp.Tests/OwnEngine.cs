using System.Diagnostics;

namespace Moru.Mcp.Tests;

/// <summary>
/// A Docker Engine that a test may kill: with a network namespace, a bridge, a directory and images of its own, so that the machine's own
/// engine and its networks stay as they are.
/// </summary>
internal sealed class OwnEngine : IAsyncDisposable
{
    private readonly TemporaryDirectory directory = new();
    private Process? process;

    private OwnEngine()
    {
    }

    /// <summary>Name of the network namespace.</summary>
    public string Place { get; } = "me" + Guid.NewGuid().ToString("n")[..8];

    public string Address => $"unix://{directory.Path}/docker.sock";

    /// <summary>Makes everything, and gives it the image of the base template.</summary>
    public static async Task<OwnEngine> CreateAsync()
    {
        var engine = new OwnEngine();
        try
        {
            await Shell.RunAsync("ip", "netns", "add", engine.Place);
            foreach (var command in (string[])["link set lo up", "link add own0 type bridge", "address add 172.31.255.1/24 dev own0", "link set own0 up"])
                await Shell.RunAsync(["ip", "-n", engine.Place, .. command.Split(' ')]);
            await engine.StartAsync(keepsContainers: true);
            await Shell.RunAsync("bash", "-c", $"docker save moru/base | docker --host {engine.Address} load");
            return engine;
        }
        catch
        {
            await engine.DisposeAsync();
            throw;
        }
    }

    /// <param name="keepsContainers">Whether containers outlive the engine: else it ends, when it starts, those that it finds.</param>
    public async Task StartAsync(bool keepsContainers)
    {
        var home = directory.Path;
        var paths = $"--data-root {home}/data --exec-root {home}/exec --pidfile {home}/pid --host {Address}";
        var start = new ProcessStartInfo("nsenter", $"--net=/run/netns/{Place} dockerd --bridge own0 --log-level error {paths} {(keepsContainers ? "--live-restore" : "")}")
        {
            RedirectStandardError = true,
        };
        process?.Dispose();
        process = Process.Start(start)!;
        process.ErrorDataReceived += (_, line) => TestContext.Current.TestOutputHelper?.WriteLine(line.Data ?? "");
        process.BeginErrorReadLine();
        await Eventually.TrueAsync(AnswersAsync);
    }

    /// <summary>As a crash would, and not as a clean end.</summary>
    public async Task KillAsync()
    {
        var containerd = await File.ReadAllTextAsync($"{directory.Path}/exec/containerd/containerd.pid");
        process!.Kill();
        await process.WaitForExitAsync();
        // It dies with its engine; the next engine takes one that is about to for its own.
        await Eventually.TrueAsync(() => !Directory.Exists("/proc/" + containerd));
    }

    public Task<string> DockerAsync(params string[] arguments) => Shell.RunAsync(["docker", "--host", Address, .. arguments]);

    public async ValueTask DisposeAsync()
    {
        if (process is null or { HasExited: true }) await StartAsync(keepsContainers: false);
        if (await DockerAsync("ps", "--all", "--quiet") is { Length: > 0 } left) await DockerAsync(["rm", "--force", .. left.Split('\n')]);
        await Shell.RunAsync("kill", $"{process!.Id}");
        await process.WaitForExitAsync();
        process.Dispose();
        // Which an engine that is killed leaves.
        await Shell.RunAsync("bash", "-c", $"! mountpoint --quiet {directory.Path}/data || umount {directory.Path}/data");
        await Shell.RunAsync("ip", "netns", "delete", Place);
        directory.Dispose();
    }

    private async Task<bool> AnswersAsync()
    {
        if (process!.HasExited) throw new InvalidOperationException($"dockerd ended ({process.ExitCode}).");
        try
        {
            await DockerAsync("version");
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
