using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Moru.Server.Tests;

/// <summary>Debian's docker-registry on loopback, unpacked from its package and not installed. Docker needs no TLS for a registry there.</summary>
internal sealed class LoopbackRegistry : IAsyncDisposable
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

    public string Host { get; }

    public static async Task<LoopbackRegistry> StartAsync(bool isPrivate)
    {
        var registry = new LoopbackRegistry(FreePort());
        var config = Path.Combine(registry.directory.Path, "config.yml");
        var users = Path.Combine(registry.directory.Path, "users");
        await File.WriteAllTextAsync(users, Allowed + "\n");
        await File.WriteAllTextAsync(
            config,
            $"version: 0.1\nlog: {{ level: error }}\nstorage: {{ filesystem: {{ rootdirectory: {registry.directory.Path}/data }} }}\nhttp: {{ addr: '{registry.Host}' }}\n"
            + (isPrivate ? $"auth: {{ htpasswd: {{ realm: test, path: {users} }} }}\n" : ""));
        registry.process = Process.Start(new ProcessStartInfo(await Program.Value, ["serve", config]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        registry.process.BeginOutputReadLine();
        registry.process.BeginErrorReadLine();

        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                using var answer = await http.GetAsync(new Uri($"http://{registry.Host}/v2/"));
                return true;
            }
            catch (HttpRequestException)
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
        if (login) await Docker.RunAsync("--config", config, "login", "--username", User, "--password", Password, Host);
        await Docker.RunAsync("tag", "moru/base:latest", image);
        await Docker.RunAsync("--config", config, "push", "--quiet", image);
        await Docker.RunAsync("image", "rm", image);
        return image;
    }

    public async ValueTask DisposeAsync()
    {
        if (process is not null)
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        foreach (var image in pushed)
            if ((await Docker.RunAsync("image", "ls", "--quiet", image)).Length > 0) await Docker.RunAsync("image", "rm", image);
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
        await RunAsync(work, "apt-get", "download", "docker-registry");
        await RunAsync(work, "dpkg", "-x", Directory.GetFiles(work, "*.deb").Single(), work);
        Directory.Move(work, folder);
        return program;
    }

    private static async Task RunAsync(string folder, params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{string.Join(' ', command)}: {await errors}");
    }
}
