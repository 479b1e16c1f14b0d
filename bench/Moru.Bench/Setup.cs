using Microsoft.Extensions.Logging.Abstractions;
using Moru.Server;

namespace Moru.Bench;

/// <summary>A server of the benchmark's own on a throw-away data directory, reached as every local client reaches it.</summary>
internal sealed class Setup : IAsyncDisposable
{
    public const string Image = "moru/base:latest";

    private readonly DirectoryInfo directory;
    private readonly MoruServer server;

    private Setup(DirectoryInfo directory, MoruServer server, string envd)
    {
        this.directory = directory;
        this.server = server;
        Envd = envd;
        Client = new MoruClient(new MoruOptions { ApiUrl = new Uri("unix:" + server.SocketPath), ApiKey = server.ApiKey });
    }

    public MoruClient Client { get; }

    public string Envd { get; }

    public static async Task<Setup> StartAsync(string envd, CancellationToken cancellationToken)
    {
        var directory = Directory.CreateTempSubdirectory("moru-bench-");
        var options = new ServerOptions { DataDirectory = directory.FullName, EnvdPath = Path.GetFullPath(envd) };
        return new Setup(directory, await MoruServer.StartAsync(options, NullLoggerFactory.Instance, cancellationToken), options.EnvdPath);
    }

    public async ValueTask DisposeAsync()
    {
        await foreach (var sandbox in Client.ListSandboxesAsync()) await Client.KillSandboxAsync(sandbox.SandboxId);
        Client.Dispose();
        await server.DisposeAsync();
        directory.Delete(recursive: true);
    }
}
