using System.Net;

namespace Moru.Mcp;

/// <summary>The MCP server over HTTP, until a signal. Session sandboxes live on until their timeout, for clients that come back.</summary>
internal static class HttpCommand
{
    public static async Task<int> RunAsync(Settings settings, CancellationToken stop)
    {
        using var logs = settings.CreateLogs();
        await using var backend = new Backend(settings, logs);
        try
        {
            Complaint.WarnUnlessLoopback(settings.Http.Address, "put a proxy with TLS before it, and name that with --host");
            await using var face = await HttpFace.StartAsync(settings, backend, logs, stop);
            await backend.FindAsync(stop);
            Console.WriteLine($"# MCP at {face.Url}{(settings.McpSse ? $", for the oldest clients at {face.Url}/sse" : "")}, until SIGTERM. The API key: {settings.ApiKeyPath}");
            await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return 0;
        }
        catch (SandboxException error) when (error is not InvalidArgumentException)
        {
            return Complaint.Write(error.Message);
        }
        catch (IOException error) when (error.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            return Complaint.Write($"port {settings.Http.Port} of {settings.Http.Address} is taken. Choose another with --port.");
        }
    }
}
