using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Moru.Server.Tests;

/// <summary>What even root with every capability in the sandbox's network could not do, and who reaches sandboxes from outside.</summary>
public sealed class NetworkForgery(NetworkFixture network) : IClassFixture<NetworkFixture>
{
    private static readonly byte[] Hello = "hello"u8.ToArray();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Packets_from_an_address_of_another_sandbox_are_dropped()
    {
        await using var forger = await network.CreateAsync();
        await using var victim = await network.CreateAsync();
        var (place, address) = (await PlaceAsync(forger), await AddressAsync(victim));
        await InAsync(place, $"ip address add {address}/32 dev eth0");

        await SendAsync(place, IPAddress.Parse(address), network.World.OtherPublic);
        await SendAsync(place, IPAddress.Parse(await AddressAsync(forger)), network.World.Public); // the way itself is open

        await Eventually.TrueAsync(() => network.World.At(network.World.Public).Any(arrival => arrival.At.Port == 5000));
        Assert.Empty(network.World.At(network.World.OtherPublic));
    }

    [Fact]
    public async Task Packets_from_another_hardware_address_are_dropped()
    {
        await using var forger = await network.CreateAsync();
        var (place, address, mac, gateway) = (await PlaceAsync(forger), await AddressAsync(forger), await MacAsync(forger), await GatewayAsync(forger));

        Assert.True(await PassesAsync(place, address, mac, gateway));
        Assert.False(await PassesAsync(place, address, "02:42:c6:13:99:99", gateway));
    }

    [Fact]
    public async Task Packets_from_both_addresses_of_another_sandbox_are_dropped_and_it_keeps_its_own()
    {
        await using var forger = await network.CreateAsync();
        await using var victim = await network.CreateAsync();
        var (place, address, mac, gateway) = (await PlaceAsync(forger), await AddressAsync(victim), await MacAsync(victim), await GatewayAsync(victim));

        Assert.False(await PassesAsync(place, address, mac, gateway));

        // What is for the victim still goes there, and comes from there.
        Assert.Equal(["open"], await NetworkFixture.TryAsync(victim, $"udp {network.World.Public} 5000"));
    }

    [Fact]
    public async Task Root_in_a_sandbox_changes_no_address_and_makes_no_packet_of_its_own()
    {
        await using var sandbox = await network.CreateAsync();
        foreach (var attempt in (string[])
        [
            "ip link set eth0 address 02:42:c6:13:99:99", "ip address add 198.18.0.9/22 dev eth0", "ip neighbour flush all", "ip route add 10.0.0.0/8 dev eth0",
            "python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)'", "python3 -c 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)'",
        ])
        {
            var failure = await Assert.ThrowsAsync<CommandExitException>(() => sandbox.Commands.RunAsync(attempt, new() { User = "root" }, Cancel));
            Assert.Contains("not permitted", failure.Message + failure.Stderr, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Who_claims_to_be_the_gateway_is_not_believed()
    {
        await using var forger = await network.CreateAsync();
        await using var victim = await network.CreateAsync();
        var (gateway, victimPlace) = (await GatewayAsync(victim), await PlaceAsync(victim));
        var real = (await InAsync(victimPlace, $"ip neighbour show {gateway}"))[0];

        await InAsync(await PlaceAsync(forger), $"ip address add {gateway}/22 dev eth0");
        await InAsync(victimPlace, "ip neighbour flush all");

        Assert.Equal(["open"], await NetworkFixture.TryAsync(victim, $"tcp {network.World.Public} 80"));
        Assert.Equal(real.Split(' ')[4], (await InAsync(victimPlace, $"ip neighbour show {gateway}"))[0].Split(' ')[4]);
    }

    [Fact]
    public async Task Only_the_servers_user_and_nobody_outside_opens_connections_to_a_sandbox()
    {
        await using var sandbox = await network.CreateAsync();
        await using var listening = await sandbox.Commands.StartAsync("python3 -m http.server 8000", cancellationToken: Cancel);
        var address = IPAddress.Parse(await AddressAsync(sandbox));
        await Eventually.TrueAsync(async () => await ProbeFromHostAsync(address) == "open");

        using var outside = World.Open(network.World.Place, new IPEndPoint(network.World.Public, 0), SocketType.Stream, ProtocolType.Tcp);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(2));
        await Assert.ThrowsAnyAsync<Exception>(async () => await outside.ConnectAsync(new IPEndPoint(address, 8000), limit.Token));
        await Assert.ThrowsAsync<InvalidOperationException>(() => Shell.RunAsync("setpriv", "--reuid=65534", "--clear-groups", "timeout", "2", "bash", "-c", $": < /dev/tcp/{address}/8000"));
    }

    [Fact]
    public async Task A_filter_that_somebody_removed_comes_back()
    {
        await using var sandbox = await network.CreateAsync();

        await Shell.RunAsync("nft", $"delete table inet {Table}");

        await Eventually.TrueAsync(async () => (await Shell.RunAsync("nft", "list", "tables")).Contains($"inet {Table}", StringComparison.Ordinal));
        Assert.Equal(["open", "refused"], await NetworkFixture.TryAsync(sandbox, $"tcp {network.World.Public} 80", $"tcp {network.World.Private} 80"));
    }

    [Fact]
    public async Task A_network_that_somebody_removed_comes_back_with_its_sandboxes_on_it()
    {
        await using var sandbox = await network.CreateAsync();

        var creating = network.CreateAsync();
        await Shell.RunAsync("docker", "network", "rm", Bridge);

        await using var next = await creating;
        foreach (var each in (Sandbox[])[sandbox, next])
            Assert.Equal(["open", "refused"], await NetworkFixture.TryAsync(each, $"tcp {network.World.Public} 80", $"tcp {network.World.Private} 80"));
    }

    [Fact]
    public async Task Nothing_forbidden_passes_while_the_filter_is_replaced_again_and_again()
    {
        await using var sandbox = await network.CreateAsync();
        await Shell.RunAsync("nft", $"flush set inet {Table} refused");
        var same = Encoding.ASCII.GetBytes($"delete table inet {Table}\n" + await Shell.RunAsync("nft", "--stateless", "list", "table", "inet", Table));
        await using var flood = await sandbox.Commands.StartAsync(
            $"python3 -c 'import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nwhile True: s.sendto(b\"x\", (\"{network.World.Private}\", 5000))'", cancellationToken: Cancel);
        await Eventually.TrueAsync(async () => (await Shell.RunAsync("nft", "list", "set", "inet", Table, "refused")).Contains($"{network.World.Private}", StringComparison.Ordinal));

        for (var i = 0; i < 100; i++) await Shell.RunAsync(same, "nft", "--file", "-");

        Assert.Empty(network.World.At(network.World.Private));
    }

    /// <summary>Takes addresses, and tries to send from them: without an answer from the gateway nothing leaves.</summary>
    private async Task<bool> PassesAsync(string place, string address, string mac, string gateway)
    {
        await InAsync(place, "ip address flush dev eth0", "ip link set eth0 down", $"ip link set eth0 address {mac}", "ip link set eth0 up");
        await InAsync(place, $"ip address add {address}/22 dev eth0", $"ip route add default via {gateway}");
        var before = network.World.At(network.World.ThirdPublic).Count;
        await SendAsync(place, IPAddress.Parse(address), network.World.ThirdPublic);
        var neighbour = "";
        await Eventually.TrueAsync(async () => (neighbour = (await InAsync(place, $"ip neighbour show {gateway}"))[0]).Contains("FAILED", StringComparison.Ordinal)
            || network.World.At(network.World.ThirdPublic).Count > before);
        return !neighbour.Contains("FAILED", StringComparison.Ordinal);
    }

    private static async Task SendAsync(string place, IPAddress from, IPAddress to)
    {
        using var socket = World.Open(place, new IPEndPoint(from, 0), SocketType.Dgram, ProtocolType.Udp);
        await socket.SendToAsync(Hello, new IPEndPoint(to, 5000), Cancel);
    }

    private static async Task<string> ProbeFromHostAsync(IPAddress sandbox)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(1));
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(sandbox, 8000), limit.Token);
            return "open";
        }
        catch (Exception closed) when (closed is SocketException or OperationCanceledException)
        {
            return "closed";
        }
    }

    private string Bridge => "moru-" + network.Server.OwnerId[..8];

    private string Table => Bridge.Replace('-', '_');

    private static async Task<string> PlaceAsync(Sandbox sandbox) =>
        $"/proc/{await Shell.RunAsync("docker", "inspect", "--format", "{{.State.Pid}}", "moru-" + sandbox.SandboxId)}/ns/net";

    private static Task<string> AddressAsync(Sandbox sandbox) =>
        Shell.RunAsync("docker", "inspect", "--format", "{{index .Config.Labels \"moru.address\"}}", "moru-" + sandbox.SandboxId);

    private static async Task<string> MacAsync(Sandbox sandbox) => (await InAsync(await PlaceAsync(sandbox), "ip -o link show eth0"))[0].Split("link/ether ")[1].Split(' ')[0];

    private static async Task<string> GatewayAsync(Sandbox sandbox) => (await InAsync(await PlaceAsync(sandbox), "ip -4 route show default"))[0].Split(' ')[2];

    /// <summary>As root of this machine in a network namespace.</summary>
    private static async Task<string[]> InAsync(string place, params string[] commands)
    {
        var output = "";
        foreach (var command in commands) output += await Shell.RunAsync(["nsenter", "--net=" + place, .. command.Split(' ')]);
        return output.Split('\n');
    }
}
