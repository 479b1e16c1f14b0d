using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Moru.Runtime;
using Moru.Server;

namespace Moru.Testing;

/// <summary>A real server on a data directory of its own, with the real engine and the real agent. It ends every sandbox it made, and removes the images of templates.</summary>
public class ServerFixture : IAsyncLifetime
{
    private readonly TemporaryDirectory directory = new();
    private MoruServer? server;
    private MoruClient? client;

    /// <summary>The server, on its socket and on a free TCP port of loopback.</summary>
    public MoruServer Server => server!;

    /// <summary>A client of the server's socket.</summary>
    public MoruClient Client => client!;

    /// <summary>The server's data directory.</summary>
    public string DataDirectory => directory.Path;

    /// <summary>How the server reaches its sandboxes.</summary>
    protected virtual SandboxAddressing Addressing => SandboxAddressing.Automatic;

    /// <summary>Where it listens with TLS; null: nowhere.</summary>
    protected virtual IPEndPoint? Https => null;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        var options = new ServerOptions
        {
            DataDirectory = directory.Path,
            EnvdPath = Artifacts.Envd,
            Http = new IPEndPoint(IPAddress.Loopback, 0),
            Https = Https,
            Addressing = Addressing,
        };
        server = await MoruServer.StartAsync(options, NullLoggerFactory.Instance, CancellationToken.None);
        client = new MoruClient(new MoruOptions { ApiUrl = new Uri("unix:" + server.SocketPath), ApiKey = server.ApiKey });
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (client is not null)
        {
            await foreach (var sandbox in client.ListSandboxesAsync()) await client.KillSandboxAsync(sandbox.SandboxId);
            client.Dispose();
        }

        if (server is not null)
        {
            var own = $"moru-template/{server.OwnerId}/*";
            await server.DisposeAsync();
            var images = await Shell.RunAsync("docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "--filter", $"reference={own}");
            if (images.Length > 0) await Shell.RunAsync(["docker", "image", "rm", .. images.Split('\n')]);
        }

        directory.Dispose();
        GC.SuppressFinalize(this);
    }
}

/// <summary>A server that reaches only the agents of its sandboxes, through published ports.</summary>
public sealed class PublishingServerFixture : ServerFixture
{
    /// <inheritdoc/>
    protected override SandboxAddressing Addressing => SandboxAddressing.Published;
}

/// <summary>A server with TLS on a free port.</summary>
public sealed class TlsServerFixture : ServerFixture
{
    /// <inheritdoc/>
    protected override IPEndPoint? Https => new(IPAddress.Loopback, 0);
}
