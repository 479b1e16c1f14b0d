using System.Net;
using System.Net.Sockets;
using Moru.Protocol;
using Moru.Server;

namespace Moru.Mcp;

/// <summary>Prints what a shell must export so that SDKs find the server of this machine.</summary>
internal static class EnvCommand
{
    private const string Remedy = "Start one with 'moru-mcp serve' (in a clone: './moru serve').";

    private static readonly TimeSpan ResolverPatience = TimeSpan.FromSeconds(2);

    public static async Task<int> RunAsync(Settings settings, CancellationToken stop)
    {
        if (await KeyOrDefaultAsync(settings, stop) is not { } key) return Complaint.Write($"no server has run on this data directory yet. {Remedy}");

        if (await ServerPlace.ReadOrDefaultAsync(settings, stop) is { } place && await AnswersAsync(place.Url, stop))
        {
            Console.Write(await ExportsAsync(settings, place, key, stop));
            return 0;
        }

        // Without an HTTP server there may still be one on the socket; the C# SDK reaches sandboxes through it as well.
        Console.Write(Export("MORU_API_URL", "unix:" + settings.SocketPath) + Export("MORU_API_KEY", key));
        return File.Exists(settings.SocketPath) ? 0 : Complaint.Write($"no server is running now. {Remedy}", exitCode: 0);
    }

    /// <summary>
    /// Lines for host names and TLS where such names resolve, which is all that SDKs can do; else sandboxes are named by header, on
    /// plain HTTP, where commands and files work and URLs of user ports do not.
    /// </summary>
    public static async Task<string> ExportsAsync(Settings settings, ServerPlace place, string key, CancellationToken stop)
    {
        var api = Export("MORU_API_URL", place.Url) + Export("MORU_API_KEY", key);
        if (place.Domain is null) return api + Export("MORU_SANDBOX_URL", place.Url);

        if (!(settings.Dns ?? await ResolvesAsync(place.Domain, stop)))
        {
            return $"# Names below {place.Domain} do not resolve here, so sandboxes are named by header. For URLs of their ports make them\n"
                + "# resolve to this machine (on Debian: apt-get install libnss-myhostname), or say --dns if they do where you need them.\n"
                + api + Export("MORU_SANDBOX_URL", place.Url);
        }

        return $"# Sandboxes are at https://PORT-SANDBOX.{place.Domain}. Where such names do not resolve, say --no-dns.\n"
            + api
            + Export("MORU_DOMAIN", place.Domain)
            + Export("SSL_CERT_FILE", Path.Combine(settings.DataDirectory, MoruServer.TrustBundleName))
            + Export("NODE_EXTRA_CA_CERTS", Path.Combine(settings.DataDirectory, MoruServer.AuthorityName))
            + "unset MORU_SANDBOX_URL\n";
    }

    private static string Export(string name, string value) => $"export {name}='{value.Replace("'", @"'\''", StringComparison.Ordinal)}'\n";

    /// <summary>Asks for a name that no hosts file lists, as every sandbox's is.</summary>
    private static async Task<bool> ResolvesAsync(string domain, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(ResolverPatience);
        try
        {
            var name = new SandboxHost(Ports.Envd, $"i{Guid.NewGuid():n}").Under(domain.Split(':')[0]);
            var addresses = await Dns.GetHostAddressesAsync(name, limit.Token);
            return addresses.Length > 0 && addresses.All(IsOfThisMachine);
        }
        catch (Exception error) when (error is SocketException || (error is OperationCanceledException && !stop.IsCancellationRequested))
        {
            return false;
        }
    }

    /// <summary>An address of the machine's own can be bound; that of a stranger, to whom tokens must not go, cannot.</summary>
    private static bool IsOfThisMachine(IPAddress address)
    {
        if (IPAddress.IsLoopback(address)) return true;
        using var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.Bind(new IPEndPoint(address, 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static async Task<string?> KeyOrDefaultAsync(Settings settings, CancellationToken stop)
    {
        try
        {
            return (await File.ReadAllTextAsync(settings.ApiKeyPath, stop)).Trim();
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private static async Task<bool> AnswersAsync(string url, CancellationToken stop)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri)) return false;
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(uri.Host, uri.Port, stop);
            return true;
        }
        catch (SocketException)
        {
            return false; // left behind by a server that was killed
        }
    }
}
