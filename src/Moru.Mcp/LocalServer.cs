using System.Net;
using Microsoft.Extensions.Logging;
using Moru.Runtime;
using Moru.Server;

namespace Moru.Mcp;

/// <summary>Starts a server on the data directory of the settings.</summary>
internal static class LocalServer
{
    /// <summary>On the unix socket, and on a free port of loopback, where ports of sandboxes have their URLs.</summary>
    /// <exception cref="RuntimeException">The data directory is in use, damaged or not ours to write, or the agent is missing.</exception>
    public static Task<MoruServer> StartAsync(Settings settings, ILoggerFactory logs, CancellationToken cancellationToken) =>
        StartAsync(settings, Options(settings) with { Http = new IPEndPoint(IPAddress.Loopback, 0) }, logs, cancellationToken);

    /// <summary>On the addresses of the settings as well.</summary>
    /// <exception cref="RuntimeException">The data directory is in use, damaged or not ours to write, or the agent is missing.</exception>
    /// <exception cref="IOException">A port is taken.</exception>
    public static Task<MoruServer> ListenAsync(Settings settings, ILoggerFactory logs, CancellationToken cancellationToken) =>
        StartAsync(settings, Options(settings) with { Http = settings.Http, Https = settings.Https, Domain = settings.Domain }, logs, cancellationToken);

    private static ServerOptions Options(Settings settings) =>
        new() { DataDirectory = settings.DataDirectory, EnvdPath = settings.EnvdPath, Addressing = settings.Addressing, AdminToken = settings.AdminToken };

    private static async Task<MoruServer> StartAsync(Settings settings, ServerOptions options, ILoggerFactory logs, CancellationToken cancellationToken)
    {
        try
        {
            return await MoruServer.StartAsync(options, logs, cancellationToken);
        }
        catch (Exception error) when (error is UnauthorizedAccessException or DirectoryNotFoundException || (error is IOException && !Directory.Exists(settings.DataDirectory)))
        {
            throw new RuntimeException(
                RuntimeError.StoreUnusable, "The data directory cannot be made or written. Choose another with --data-dir or MORU_DATA_DIR.", error);
        }
    }
}
