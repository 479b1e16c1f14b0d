using System.Diagnostics;

namespace Moru.Testing;

/// <summary>
/// A host outside of Moru: a network namespace with an address from the range for documentation (RFC 5737) and a web server on
/// port 80 that answers <c>GET /health</c>. Needs root and iproute2.
/// </summary>
public sealed class OutsideHost : IAsyncDisposable
{
    private readonly string name = "moru-" + Guid.NewGuid().ToString("n")[..8];
    private Process? server;

    private OutsideHost()
    {
    }

    /// <summary>Its address.</summary>
    public static string Address => "198.51.100.2";

    /// <summary>Makes the host and waits until its server answers.</summary>
    public static async Task<OutsideHost> StartAsync()
    {
        var host = new OutsideHost();
        try
        {
            await IpAsync($"netns add {host.name}");
            await IpAsync($"link add {host.name} type veth peer name eth0 netns {host.name}");
            await IpAsync($"address add 198.51.100.1/30 dev {host.name}");
            await IpAsync($"link set {host.name} up");
            await IpAsync($"-n {host.name} address add {Address}/30 dev eth0");
            await IpAsync($"-n {host.name} link set eth0 up");
            await IpAsync($"-n {host.name} route add default via 198.51.100.1");
            host.server = Process.Start("ip", ["netns", "exec", host.name, Artifacts.Envd, "--port", "80"]);
            using var http = new HttpClient();
            await Eventually.TrueAsync(
                async () =>
                {
                    try
                    {
                        return (await http.GetAsync(new Uri($"http://{Address}/health"))).IsSuccessStatusCode;
                    }
                    catch (HttpRequestException)
                    {
                        return false; // not listening yet
                    }
                },
                "the outside host answers");
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (server is not null)
        {
            server.Kill();
            await server.WaitForExitAsync();
            server.Dispose();
        }

        await IpAsync($"netns delete {name}");
    }

    private static async Task IpAsync(string arguments)
    {
        using var ip = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true })!;
        var error = await ip.StandardError.ReadToEndAsync();
        await ip.WaitForExitAsync();
        if (ip.ExitCode != 0) throw new InvalidOperationException($"ip {arguments}: {error}");
    }
}
