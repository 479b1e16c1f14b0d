using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using Moru.Server;

namespace Moru.Bench;

/// <summary>A server of the benchmark's own on a throw-away data directory, reached as every local client reaches it.</summary>
internal sealed class Setup : IAsyncDisposable
{
    public const string Image = "moru/base:latest";

    private readonly DirectoryInfo directory;

    private Setup(DirectoryInfo directory, MoruServer server, string envd)
    {
        this.directory = directory;
        Server = server;
        Authority = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(directory.FullName, MoruServer.AuthorityName));
        Envd = envd;
        Client = new MoruClient(new MoruOptions { ApiUrl = new Uri("unix:" + server.SocketPath), ApiKey = server.ApiKey });
    }

    public MoruClient Client { get; }

    public MoruServer Server { get; }

    /// <summary>Vouches for the server's certificate.</summary>
    public X509Certificate2 Authority { get; }

    public string Envd { get; }

    public static async Task<Setup> StartAsync(string envd, CancellationToken cancellationToken)
    {
        var directory = Directory.CreateTempSubdirectory("moru-bench-");
        var options = new ServerOptions { DataDirectory = directory.FullName, EnvdPath = Path.GetFullPath(envd), Http = new IPEndPoint(IPAddress.Loopback, 0), Https = new IPEndPoint(IPAddress.Loopback, 0) };
        return new Setup(directory, await MoruServer.StartAsync(options, NullLoggerFactory.Instance, cancellationToken), options.EnvdPath);
    }

    /// <summary>The API for what the SDK does not have.</summary>
    public HttpClient Http() => new() { BaseAddress = Server.HttpUrl, DefaultRequestHeaders = { { "X-API-Key", Server.ApiKey } }, Timeout = Timeout.InfiniteTimeSpan };

    public async ValueTask DisposeAsync()
    {
        await foreach (var sandbox in Client.ListSandboxesAsync()) await Client.KillSandboxAsync(sandbox.SandboxId);
        Client.Dispose();
        await Server.DisposeAsync();
        Authority.Dispose();
        directory.Delete(recursive: true);
    }
}
