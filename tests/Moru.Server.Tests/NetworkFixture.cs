using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Moru.Runtime;

namespace Moru.Server.Tests;

/// <summary>A real server, whose sandboxes see a world that this process plays: web servers, DNS, a private network, a metadata service.</summary>
public class NetworkFixture : IAsyncLifetime
{
    private readonly TemporaryDirectory directory = new();

    public World World { get; private set; } = null!;

    public FakeDns Dns { get; } = new();

    public MoruServer Server { get; private set; } = null!;

    public MoruClient Client { get; private set; } = null!;

    public string DataDirectory => directory.Path;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public virtual async ValueTask InitializeAsync()
    {
        World = await World.StartAsync();
        World.Receive(new IPEndPoint(World.Public, 53), Dns.Answer);
        foreach (var address in (IPAddress[])[World.Public, World.OtherPublic, World.ThirdPublic, World.Private, World.Metadata])
        {
            foreach (var port in (int[])[80, 22, 853]) World.Listen(new IPEndPoint(address, port), HttpAsync);
            World.Listen(new IPEndPoint(address, 443), Tls.AnswerAsync);
            foreach (var port in (int[])[443, 853, 5000]) World.Receive(new IPEndPoint(address, port), datagram => datagram);
        }

        await StartServerAsync();
    }

    public async Task StartServerAsync()
    {
        var options = new ServerOptions { DataDirectory = directory.Path, EnvdPath = Artifacts.Envd, Http = new IPEndPoint(IPAddress.Loopback, 0) };
        Server = await MoruServer.StartAsync(
            options,
            new RuntimeOptions { DataDirectory = directory.Path, EnvdPath = Artifacts.Envd, Resolvers = [new IPEndPoint(World.Public, 53)] },
            new DockerEngine(), TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
        Client = new MoruClient(new MoruOptions { ApiUrl = new Uri("unix:" + Server.SocketPath), ApiKey = Server.ApiKey });
    }

    public async Task RestartServerAsync()
    {
        Client.Dispose();
        await Server.DisposeAsync();
        await StartServerAsync();
    }

    public Task<Sandbox> CreateAsync(bool internet = true, string[]? allow = null, string[]? deny = null) => Client.CreateSandboxAsync(
        options: new() { AllowInternetAccess = internet, Network = new() { AllowOut = allow, DenyOut = deny } }, cancellationToken: Cancel);

    /// <summary>Tries to reach targets from a sandbox.</summary>
    /// <param name="sandbox">From where.</param>
    /// <param name="targets">Such as <c>tcp 198.51.100.2 80</c>, <c>udp …</c>, <c>ping 198.51.100.2</c>, or <c>name host.test</c>.</param>
    /// <returns>For each what came of it: <c>open</c>, <c>refused</c>, <c>silent</c>; of a name its address.</returns>
    public static async Task<string[]> TryAsync(Sandbox sandbox, params string[] targets)
    {
        const string Program =
            """
            import socket, sys
            def attempt(kind, host, port=0):
                if kind == "name": return socket.gethostbyname(host)
                with socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM, socket.IPPROTO_ICMP if kind == "ping" else 0) as s:
                    s.settimeout(1)
                    s.connect((host, int(port)))
                    s.send(b"\x08\0\0\0\0\0\0\0" if kind == "ping" else b"GET / HTTP/1.0\r\nHost: x\r\n\r\n")
                    return "open" if s.recv(9) else "closed"
            for line in sys.argv[1:]:
                try: print(attempt(*line.split()))
                except socket.timeout: print("silent")
                except OSError: print("refused")
            """;
        var command = $"python3 -c '{Program}' " + string.Join(' ', targets.Select(target => $"'{target}'"));
        var result = await sandbox.Commands.RunAsync(command, cancellationToken: Cancel);
        return result.Stdout.TrimEnd('\n').Split('\n');
    }

    public async ValueTask DisposeAsync()
    {
        if (Client is null) return;
        await foreach (var sandbox in Client.ListSandboxesAsync(cancellationToken: CancellationToken.None)) await Client.KillSandboxAsync(sandbox.SandboxId);
        Client.Dispose();
        await Server.DisposeAsync();
        await World.DisposeAsync();
        directory.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Answers every request of a connection with its Host.</summary>
    private static async Task HttpAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(stream, Encoding.Latin1);
        while (await reader.ReadLineAsync(cancellationToken) is { Length: > 0 })
        {
            var host = "";
            while (await reader.ReadLineAsync(cancellationToken) is { Length: > 0 } header)
                if (header.StartsWith("host:", StringComparison.OrdinalIgnoreCase)) host = header[5..].Trim();
            await stream.WriteAsync(Encoding.Latin1.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {host.Length}\r\n\r\n{host}"), cancellationToken);
        }
    }
}
