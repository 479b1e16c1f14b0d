namespace Moru.Envd.Tests;

/// <summary>envd as PID 1 of a container, mounted read-only, as in a sandbox.</summary>
public abstract class ContainerEnvd : EnvdHost
{
    public const string Mount = "/opt/moru/envd";
    private const string Label = "moru.test.envd";

    private string? _image;

    public string Container { get; private set; } = "";

    /// <summary>More options of the engine.</summary>
    protected virtual IReadOnlyList<string> Options => [];

    /// <summary>Finds or makes the image.</summary>
    protected abstract Task<string> ImageAsync();

    /// <summary>Removes the image, if it was made.</summary>
    protected virtual Task RemoveImageAsync(string image) => TestImages.RemoveAsync(image);

    protected override async Task<Uri> StartAsync()
    {
        string[] options = ["--label", Label, "--mount", $"type=bind,source={Artifacts.Envd},target={Mount},readonly", "--memory", "512m", "--pids-limit", "256", "--stop-signal", "KILL"];
        // No image of the tests has a command of its own.
        _image = await ImageAsync();
        // Named, so that it can be removed also when the engine has made it and could not start it.
        Container = $"moru-test-envd-{Guid.NewGuid():N}";
        try
        {
            await Shell.RunAsync(["docker", "run", "--detach", "--name", Container, .. options, .. Options, "--entrypoint", Mount, _image]);
        }
        catch
        {
            await Shell.RunAsync("sh", "-c", $"docker rm --force --volumes {Container} || true");
            Container = "";
            throw;
        }

        var address = await Shell.RunAsync("docker", "inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", Container);
        return new Uri($"http://{address}:{Protocol.Ports.Envd}/");
    }

    protected override async Task StopAsync()
    {
        if (Container.Length > 0) await Shell.RunAsync("docker", "rm", "--force", "--volumes", Container);
        if (_image is not null) await RemoveImageAsync(_image);
    }
}

/// <summary>A container of the base template's image.</summary>
public sealed class DebianEnvd : ContainerEnvd
{
    protected override Task<string> ImageAsync() => Task.FromResult("moru/base");

    protected override Task RemoveImageAsync(string image) => Task.CompletedTask;
}

/// <summary>A container with busybox and nothing else: not even a user.</summary>
public sealed class BusyboxEnvd : ContainerEnvd
{
    protected override Task<string> ImageAsync() => TestImages.BusyboxAsync();
}

/// <summary>A container whose shell is linked with musl.</summary>
public sealed class MuslEnvd : ContainerEnvd
{
    protected override Task<string> ImageAsync() => TestImages.MuslAsync();
}

/// <summary>A container without a single file of its own.</summary>
public sealed class EmptyEnvd : ContainerEnvd
{
    protected override Task<string> ImageAsync() => TestImages.EmptyAsync();
}
