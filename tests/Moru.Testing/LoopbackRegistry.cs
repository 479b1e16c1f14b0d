using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Moru.Testing;

/// <summary>Debian's docker-registry on loopback, unpacked from its package and not installed. Docker needs no TLS for a registry there.</summary>
public sealed class LoopbackRegistry : IAsyncDisposable
{
    /// <summary>Who a private registry lets in.</summary>
    public const string User = "builder";
    public const string Password = "s3cret";

    /// <summary>The key of a service account, which Google's registry takes as the password of <c>_json_key</c>.</summary>
    public const string ServiceAccount = """{"type": "service_account", "private_key": "not one"}""";

    private const string Allowed = User + ":$2b$05$RW1biNKpMDQwYv4iW4/DJu1N0tHqXsrM3FoXekJCjSGfxxZR/PDrO\n_json_key:$2b$05$RW1biNKpMDQwYv4iW4/DJu9mR94zOd6aqCzVXgVXowjOpd383mj0C";

    private static readonly Lazy<Task<string>> Program = new(UnpackAsync);

    private readonly TemporaryDirectory directory = new();
    private readonly List<string> pushed = [];
    private Process? process;

    private LoopbackRegistry(int port) => Host = $"127.0.0.1:{port}";

    /// <summary>Address and port.</summary>
    public string Host { get; }

    /// <summary>Starts an empty registry and waits until it answers.</summary>
    /// <param name="isPrivate">Whether it lets only those in who log in.</param>
    /// <param name="place">File of the network namespace whose loopback it is on; null: this machine's.</param>
    public static async Task<LoopbackRegistry> StartAsync(bool isPrivate, string? place = null)
    {
        string[] inside = place is null ? [] : ["nsenter", $"--net={place}"];
        var registry = new LoopbackRegistry(FreePort());
        var config = Path.Combine(registry.directory.Path, "config.yml");
        var users = Path.Combine(registry.directory.Path, "users");
        await File.WriteAllTextAsync(users, Allowed + "\n");
        await File.WriteAllTextAsync(
            config,
            $"version: 0.1\nlog: {{ level: error }}\nstorage: {{ filesystem: {{ rootdirectory: {registry.directory.Path}/data }} }}\nhttp: {{ addr: '{registry.Host}' }}\n"
            + (isPrivate ? $"auth: {{ htpasswd: {{ realm: test, path: {users} }} }}\n" : ""));
        string[] command = [.. inside, await Program.Value, "serve", config];
        registry.process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        registry.process.BeginOutputReadLine();
        registry.process.BeginErrorReadLine();
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                await Shell.RunAsync([.. inside, "bash", "-c", $": </dev/tcp/{registry.Host.Replace(':', '/')}"]);
                return true;
            }
            catch (InvalidOperationException)
            {
                return false; // not listening yet
            }
        });
        return registry;
    }

    /// <summary>Puts the base image into the registry under a name, and forgets the name here.</summary>
    public async Task<string> PushBaseAsync(string name, bool login)
    {
        var image = $"{Host}/{name}";
        pushed.Add(image);
        var config = Directory.CreateDirectory(Path.Combine(directory.Path, "docker")).FullName;
        if (login) await Shell.RunAsync("docker", "--config", config, "login", "--username", User, "--password", Password, Host);
        await Shell.RunAsync("docker", "tag", "moru/base:latest", image);
        await Shell.RunAsync("docker", "--config", config, "push", "--quiet", image);
        await Shell.RunAsync("docker", "image", "rm", image);
        return image;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (process is not null)
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        foreach (var image in pushed)
            if ((await Shell.RunAsync("docker", "image", "ls", "--quiet", image)).Length > 0) await Shell.RunAsync("docker", "image", "rm", image);
        directory.Dispose();
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private static async Task<string> UnpackAsync()
    {
        var folder = Path.Combine(Artifacts.Root, "artifacts/tests/docker-registry");
        var program = Path.Combine(folder, "usr/bin/docker-registry");
        if (File.Exists(program)) return program;

        var work = Directory.CreateDirectory($"{folder}.{Environment.ProcessId}").FullName;
        await Shell.RunAsync("bash", "-ec", $"cd {work}; apt-get download -qq docker-registry; dpkg -x *.deb .");
        Directory.Move(work, folder);
        return program;
    }
}
