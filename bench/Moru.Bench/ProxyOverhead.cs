using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Moru.Protocol;

namespace Moru.Bench;

/// <summary>What the way through the proxy adds to a request, over loopback.</summary>
internal static class ProxyOverhead
{
    private const int UserPort = 8000;

    public static async Task MeasureAsync(Setup bench, int samples, CancellationToken cancellationToken)
    {
        await using var sandbox = await bench.Client.CreateSandboxAsync(cancellationToken: cancellationToken);
        var format = "{{index .Config.Labels \"moru.address\"}}";
        var address = (await Docker.RunAsync(["inspect", "--format", format, "moru-" + sandbox.SandboxId], cancellationToken)).Trim();
        await sandbox.Commands.RunAsync(
            $"nohup python3 -m http.server {UserPort} > /dev/null 2>&1 & until python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", {UserPort}))' 2>/dev/null; do sleep 0.1; done",
            cancellationToken: cancellationToken);

        using var direct = new HttpClient();
        using var plain = Through(bench.Server.HttpUrl!.Port, bench.Authority);
        using var secure = Through(bench.Server.HttpsUrl!.Port, bench.Authority);
        foreach (var (what, port, path) in new[] { ("agent, on kept connections", Ports.Envd, "/health"), ("user's server, a connection for each", UserPort, "/") })
        {
            var name = new SandboxHost(port, sandbox.SandboxId).Under("moru.localhost");
            foreach (var (way, client, scheme) in new[] { ("HTTP", plain, "http"), ("HTTPS", secure, "https") })
            {
                await Comparisons.InTurnsAsync(
                    $"GET {path} of the {what}", ("straight to the container", () => GetAsync(direct, $"http://{address}:{port}{path}")),
                    ($"through the proxy, {way}", () => GetAsync(client, $"{scheme}://{name}{path}")), samples, "at most 1 ms more");
            }
        }

        async Task GetAsync(HttpClient client, string url)
        {
            using var response = await client.GetAsync(new Uri(url), cancellationToken);
            await response.Content.ReadAsByteArrayAsync(cancellationToken);
        }
    }

    /// <summary>Any name leads to this port of the server.</summary>
    private static HttpClient Through(int port, X509Certificate2 authority) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        SslOptions = new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { authority }, RevocationMode = X509RevocationMode.NoCheck },
        },
        ConnectCallback = async (_, cancellationToken) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    });
}
