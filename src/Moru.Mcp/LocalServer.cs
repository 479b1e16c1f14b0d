using System.Net;
using Microsoft.Extensions.Logging;
using Moru.Runtime;
using Moru.Server;

namespace Moru.Mcp;

/// <summary>Starts a server on the data directory of the settings.</summary>
internal static class LocalServer
{
    /// <exception cref="RuntimeException">The data directory is in use, damaged or not ours to write, or the agent is missing.</exception>
    public static async Task<MoruServer> StartAsync(Settings settings, IPEndPoint? http, ILoggerFactory logs, CancellationToken cancellationToken)
    {
        try
        {
            var options = new ServerOptions
            {
                DataDirectory = settings.DataDirectory, EnvdPath = settings.EnvdPath, Http = http, Addressing = settings.Addressing, AdminToken = settings.AdminToken,
            };
            return await MoruServer.StartAsync(options, logs, cancellationToken);
        }
        catch (Exception error) when (error is UnauthorizedAccessException or DirectoryNotFoundException || (error is IOException && !Directory.Exists(settings.DataDirectory)))
        {
            throw new RuntimeException(
                RuntimeError.StoreUnusable, "The data directory cannot be made or written. Choose another with --data-dir or MORU_DATA_DIR.", error);
        }
    }
}
