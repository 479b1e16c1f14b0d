using System.Net;
using Microsoft.Extensions.Logging;
using Moru.Runtime;
using Moru.Server;

namespace Moru.Mcp;

/// <summary>Starts a server on the data directory of the settings.</summary>
internal static class LocalServer
{
    /// <exception cref="RuntimeException">The data directory is in use or damaged, or the agent is missing.</exception>
    public static Task<MoruServer> StartAsync(Settings settings, IPEndPoint? http, ILoggerFactory logs, CancellationToken cancellationToken)
    {
        if (!File.Exists(settings.EnvdPath))
        {
            throw new RuntimeException(
                RuntimeError.InvalidArgument, "The sandbox agent 'envd' is missing. Build it with './moru build', or set MORU_ENVD to its path.");
        }

        var options = new ServerOptions { DataDirectory = settings.DataDirectory, EnvdPath = settings.EnvdPath, Http = http };
        return MoruServer.StartAsync(options, logs, cancellationToken);
    }
}
