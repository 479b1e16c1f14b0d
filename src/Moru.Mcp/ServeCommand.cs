using System.Net;
using Moru.Runtime;
using Moru.Server;

namespace Moru.Mcp;

/// <summary>The control plane and the sandbox proxy on TCP, until a signal. Sandboxes live on.</summary>
internal static class ServeCommand
{
    public static async Task<int> RunAsync(Settings settings, CancellationToken stop)
    {
        using var logs = settings.CreateLogs();
        try
        {
            Complaint.WarnUnlessLoopback(settings.Http.Address, "let clients use HTTPS, and keep the HTTP port behind a firewall");
            await using var server = await LocalServer.ListenAsync(settings, logs, stop);
            var place = new ServerPlace(Reachable(server.HttpUrl!), server.HttpsUrl is null ? null : server.Domain);
            await place.WriteAsync(settings, stop);
            Console.WriteLine($"# Moru listens on {place.Url}{(server.HttpsUrl is { } secure ? $" and {Reachable(secure)}" : "")}, until SIGTERM. For SDKs:");
            Console.Write(await EnvCommand.ExportsAsync(settings, place, server.ApiKey, stop));
            await server.Stopped.WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ServerPlace.Delete(settings);
            return 0;
        }
        catch (RuntimeException error) when (error.Error == RuntimeError.DataDirectoryInUse)
        {
            return Complaint.Write("another Moru server owns this data directory. End it, or choose another directory with --data-dir.");
        }
        catch (RuntimeException error)
        {
            return Complaint.Write(error.Message);
        }
        catch (IOException error) when (error.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            var ports = settings.Https is { } https ? $"{settings.Http.Port} or {https.Port}" : $"{settings.Http.Port}";
            return Complaint.Write($"port {ports} of {settings.Http.Address} is taken. Choose others with --port and --https-port, or --no-https.");
        }
    }

    /// <summary>Where this machine reaches a server that listens on all its addresses.</summary>
    private static string Reachable(Uri url) =>
        (url.Host is "0.0.0.0" or "[::]" ? new UriBuilder(url) { Host = "127.0.0.1" }.Uri : url).GetLeftPart(UriPartial.Authority);
}
