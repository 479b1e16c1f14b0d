namespace Moru.Envd.Tests;

public sealed class PresenceSpecs
{
    [Fact]
    public async Task The_host_knows_the_address_of_a_new_sandbox_before_it_asks()
    {
        // A network of its own, where no address was ever used.
        var network = "moru-test-" + Guid.NewGuid().ToString("n")[..8];
        var container = "";
        await Shell.RunAsync("docker", "network", "create", network);
        try
        {
            container = await Shell.RunAsync(
                "docker", "run", "--detach", "--network", network, "--volume", $"{Artifacts.Envd}:/opt/moru/envd:ro", "--entrypoint", "/opt/moru/envd", "moru/base:latest");
            var address = await Shell.RunAsync("docker", "inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container);

            await Eventually.TrueAsync(
                async () => (await File.ReadAllLinesAsync("/proc/net/arp", TestContext.Current.CancellationToken)).Any(line => IsComplete(line, address)),
                $"{address} is in the host's ARP table");
        }
        finally
        {
            if (container.Length > 0) await Shell.RunAsync("docker", "rm", "--force", container);
            await Shell.RunAsync("docker", "network", "rm", network);
        }
    }

    /// <summary>IP address, HW type, Flags (0x2: complete), HW address, Mask, Device.</summary>
    private static bool IsComplete(string line, string address) =>
        line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var ip, _, "0x2", ..] && ip == address;
}
