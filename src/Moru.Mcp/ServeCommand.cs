using System.Net;
using Moru.Runtime;
using Moru.Server;

namespace Moru.Mcp;

/// <summary>The control plane and the sandbox proxy on loopback, until a signal. Sandboxes live on.</summary>
internal static class ServeCommand
{
    public static async Task<int> RunAsync(Settings settings, CancellationToken stop)
    {
        using var logs = settings.CreateLogs();
        try
        {
            await using var server = await LocalServer.StartAsync(settings, new IPEndPoint(IPAddress.Loopback, settings.Port), logs, stop);
            var url = server.HttpUrl!.GetLeftPart(UriPartial.Authority);
            await File.WriteAllTextAsync(settings.HttpUrlPath, url, stop);
            Console.WriteLine($"Moru listens on {url}, until SIGTERM. For SDKs:");
            Console.Write(EnvCommand.Exports(url, server.ApiKey));
            await server.Stopped.WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            File.Delete(settings.HttpUrlPath);
            return 0;
        }
        catch (RuntimeException error) when (error.Error == RuntimeError.DataDirectoryInUse)
        {
            return Fail("another Moru server owns this data directory. End it, or choose another directory with --data-dir.");
        }
        catch (RuntimeException error)
        {
            return Fail(error.Message);
        }
        catch (IOException error) when (error.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            return Fail($"port {settings.Port} of 127.0.0.1 is taken. Choose another with --port.");
        }
    }

    private static int Fail(string message)
    {
        Console.Error.WriteLine($"moru-mcp: {message}");
        return 1;
    }
}
