using System.Diagnostics;

namespace Moru.Testing;

/// <summary>
/// A Docker Engine that asks a mirror for the images of Docker Hub. Both are alone in a network namespace: the engine's bridges and rules
/// are not this machine's, and nobody but the mirror answers. Needs root, dockerd and iproute2.
/// </summary>
public sealed class MirroredEngine : IAsyncDisposable
{
    private readonly string name = "me" + Guid.NewGuid().ToString("n")[..8];
    private readonly TemporaryDirectory directory = new();
    private LoopbackRegistry? mirror;
    private Process? engine;

    private MirroredEngine()
    {
    }

    /// <summary>For <c>DOCKER_HOST</c>.</summary>
    public string Endpoint => $"unix://{directory.Path}/docker.sock";

    /// <summary>Name of the network namespace, from which containers are reached.</summary>
    public string Network => name;

    private string Place => $"/run/netns/{name}";

    /// <summary>Starts an engine without images, and an empty mirror.</summary>
    public static async Task<MirroredEngine> StartAsync()
    {
        var started = new MirroredEngine();
        try
        {
            await Shell.RunAsync("ip", "netns", "add", started.name);
            await Shell.RunAsync("ip", "-n", started.name, "link", "set", "lo", "up");
            started.mirror = await LoopbackRegistry.StartAsync(isPrivate: false, started.Place);
            await started.StartEngineAsync(started.directory.Path, started.mirror.Host);
            return started;
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    /// <summary>Puts an image of a few megabytes into the mirror, which has its name in the variable <c>IMAGE</c>.</summary>
    /// <param name="image">As Docker Hub has it: an official one is below <c>library</c>.</param>
    public async Task ServeAsync(string image)
    {
        var pushed = $"{mirror!.Host}/{image}";
        await DockerAsync("import", "--change", $"ENV IMAGE={image}", await SmallImage.PathAsync(), pushed);
        await DockerAsync("push", "--quiet", pushed);
        await DockerAsync("image", "rm", pushed);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (engine is not null)
        {
            // Its own end takes down what it mounted, and the containerd that it started.
            if (!engine.HasExited) await Shell.RunAsync("kill", engine.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
            await engine.WaitForExitAsync().WaitAsync(Eventually.Limit);
            engine.Dispose();
        }

        if (mirror is not null) await mirror.DisposeAsync();
        if (File.Exists(Place)) await Shell.RunAsync("ip", "netns", "delete", name);
        directory.Dispose();
    }

    /// <summary>Not with <c>ip netns exec</c>, which hides the control groups.</summary>
    private async Task StartEngineAsync(string folder, string host)
    {
        engine = Process.Start(new ProcessStartInfo(
            "nsenter",
            [
                $"--net={Place}", "dockerd", "--host", Endpoint, "--data-root", $"{folder}/data", "--exec-root", $"{folder}/exec", "--pidfile", $"{folder}/pid",
                "--registry-mirror", $"http://{host}",
            ])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        engine.BeginOutputReadLine();
        engine.BeginErrorReadLine();
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                return (await DockerAsync("info", "--format", "{{.RegistryConfig.Mirrors}}")).Contains(host, StringComparison.Ordinal);
            }
            catch (InvalidOperationException)
            {
                return false; // not listening yet
            }
        });
    }

    private Task<string> DockerAsync(params string[] arguments) => Shell.RunAsync(["docker", "--host", Endpoint, .. arguments]);
}
