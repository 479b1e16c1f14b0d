using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Moru.Server.Tests;

/// <summary>What a sandbox without rules of its own reaches, and what never.</summary>
public sealed class NetworkDefaults(NetworkFixture network) : IClassFixture<NetworkFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Public_addresses_and_names_are_reached()
    {
        network.Dns["www.default.test"] = [network.World.OtherPublic];
        await using var sandbox = await network.CreateAsync();

        var came = await NetworkFixture.TryAsync(
            sandbox, $"tcp {network.World.Public} 80", $"udp {network.World.OtherPublic} 5000", $"tcp {network.World.ThirdPublic} 22", "name www.default.test");

        Assert.Equal(["open", "open", "open", $"{network.World.OtherPublic}"], came);
    }

    [Fact]
    public async Task Private_networks_and_the_metadata_service_are_not_reached()
    {
        await using var sandbox = await network.CreateAsync();
        IPAddress[] hosts = [network.World.Private, World.Metadata];

        foreach (var host in hosts)
            Assert.Equal(["refused", "refused", "silent", "silent"], await NetworkFixture.TryAsync(sandbox, $"tcp {host} 80", $"tcp {host} 443", $"udp {host} 5000", $"ping {host}"));

        Assert.All(hosts, host => Assert.Empty(network.World.At(host)));
    }

    [Fact]
    public async Task No_address_of_the_servers_machine_is_reached_on_any_port()
    {
        await using var sandbox = await network.CreateAsync();
        using var everywhere = new TcpListener(IPAddress.Any, 0);
        everywhere.Start();
        var port = ((IPEndPoint)everywhere.LocalEndpoint).Port;
        var own = NetworkInterface.GetAllNetworkInterfaces().SelectMany(face => face.GetIPProperties().UnicastAddresses).Select(unicast => unicast.Address)
            .Where(address => address.AddressFamily is AddressFamily.InterNetwork && !IPAddress.IsLoopback(address)).ToList();

        var came = await NetworkFixture.TryAsync(sandbox, [.. own.SelectMany(address => (string[])[$"tcp {address} {port}", $"tcp {address} {network.Server.HttpUrl!.Port}"])]);

        Assert.Contains(own, address => address.ToString().StartsWith("198.18.", StringComparison.Ordinal) || address.ToString().StartsWith("198.19.", StringComparison.Ordinal));
        Assert.All(came, result => Assert.Equal("refused", result));
        Assert.False(everywhere.Pending());
    }

    [Fact]
    public async Task Other_sandboxes_are_not_reached()
    {
        await using var sandbox = await network.CreateAsync();
        await using var other = await network.CreateAsync();
        await using var server = await other.Commands.StartAsync("python3 -m http.server 8000", cancellationToken: Cancel);
        var neighbour = (await other.Commands.RunAsync("hostname -I", cancellationToken: Cancel)).Stdout.Trim();

        var came = await NetworkFixture.TryAsync(sandbox, $"tcp {neighbour} 8000", $"tcp {neighbour} 49983", $"udp {neighbour} 9", $"ping {neighbour}");

        Assert.DoesNotContain("open", came);
    }

    [Fact]
    public async Task No_name_server_tells_which_other_sandboxes_there_are()
    {
        await using var sandbox = await network.CreateAsync();
        await using var other = await network.CreateAsync();
        var neighbour = (await other.Commands.RunAsync("hostname -I", cancellationToken: Cancel)).Stdout.Trim();
        const string Ask =
            """
            import socket, sys
            for ask, name in (socket.gethostbyaddr, sys.argv[1]), (socket.gethostbyname, "moru-" + sys.argv[2]), (socket.gethostbyname, sys.argv[2]):
                try: print(ask(name))
                except OSError: print("unknown")
            """;

        var said = (await sandbox.Commands.RunAsync($"python3 -c '{Ask}' {neighbour} {other.SandboxId}", cancellationToken: Cancel)).Stdout;

        Assert.DoesNotContain(other.SandboxId, said, StringComparison.Ordinal);
        Assert.EndsWith("\nunknown\nunknown\n", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_answers_a_private_address_is_refused()
    {
        network.Dns["rebind.test"] = [network.World.Private];
        network.Dns["metadata.test"] = [World.Metadata];
        network.Dns["mixed.test"] = [network.World.Private, network.World.Public];
        await using var sandbox = await network.CreateAsync();

        Assert.Equal(
            ["refused", "refused", $"{network.World.Public}"], await NetworkFixture.TryAsync(sandbox, "name rebind.test", "name metadata.test", "name mixed.test"));
    }

    [Fact]
    public async Task Without_internet_access_nothing_leaves_and_no_name_is_asked_for()
    {
        network.Dns["www.closed.test"] = [network.World.Public];
        await using var sandbox = await network.CreateAsync(internet: false);
        var before = network.World.Arrivals.Count;

        var came = await NetworkFixture.TryAsync(
            sandbox, $"tcp {network.World.Public} 80", $"udp {network.World.Public} 5000", $"ping {network.World.Public}", $"udp {network.World.Public} 53",
            "name www.closed.test");

        Assert.Equal(["refused", "silent", "silent", "refused", "refused"], came);
        Assert.Equal(before, network.World.Arrivals.Count);
        Assert.DoesNotContain("www.closed.test", network.Dns.Questions);
    }

    [Fact]
    public async Task No_IPv6_address_is_reached()
    {
        await using var sandbox = await network.CreateAsync();
        const string Ask = "import socket; print(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).connect_ex((\"fd00:ec2::254\", 80)))";

        var (reached, interfaces) = (await sandbox.Commands.RunAsync($"python3 -c '{Ask}'", cancellationToken: Cancel), await sandbox.Commands.RunAsync("cat /proc/net/if_inet6", cancellationToken: Cancel));

        Assert.NotEqual("0\n", reached.Stdout);
        Assert.All(interfaces.Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.EndsWith(" lo", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task No_key_of_the_server_and_no_other_sandbox_id_is_anywhere_inside()
    {
        await using var sandbox = await network.CreateAsync();
        await using var other = await network.CreateAsync();
        string[] secrets = [network.Server.ApiKey, other.SandboxId];
        // Backwards, so that the search does not find itself.
        const string Search =
            """
            import os, sys
            secrets = [text[::-1].encode() for text in sys.argv[1:]]
            for top, directories, files in os.walk("/"):
                if top == "/": directories[:] = [d for d in directories if d not in ("sys", "usr", "lib", "lib64")]
                for path in (os.path.join(top, name) for name in files):
                    if top.startswith("/proc") and not path.endswith(("/environ", "/cmdline", "/mounts", "/mountinfo")) or not os.path.isfile(path): continue
                    try: found = [secret for secret in secrets if secret in open(path, "rb").read(1 << 20)]
                    except OSError: continue
                    if found: print(path)
            print("done")
            """;

        var said = (await sandbox.Commands.RunAsync(
            $"python3 -c '{Search}' {string.Join(' ', secrets.Select(secret => new string([.. secret.Reverse()])))}", new() { User = "root" }, Cancel)).Stdout;

        Assert.Equal("done\n", said);
    }

    [Fact]
    public async Task One_sandbox_cannot_keep_the_resolver_from_the_others()
    {
        const string Hold =
            """
            import socket
            held = [socket.create_connection(("203.0.113.251", 53)) for _ in range(100)]
            for each in held: each.settimeout(0.05)
            def is_open(each):
                try: return each.recv(1) != b""
                except socket.timeout: return True
                except OSError: return False
            print(sum(map(is_open, held)), flush=True)
            """;
        const string Ask =
            """
            import socket
            question = b"\0\7\1\0\0\1\0\0\0\0\0\0\4good\4test\0\0\1\0\1"
            asked = [socket.create_connection(("203.0.113.251", 53), 5) for _ in range(8)]
            for each in asked: each.sendall(bytes([0, len(question)]) + question)
            print([len(each.recv(512)) > 12 for each in asked])
            """;
        await using var hoarder = await network.CreateAsync();
        await using var other = await network.CreateAsync();

        var held = await hoarder.Commands.RunAsync($"python3 -c '{Hold}'", cancellationToken: Cancel);
        await using var holding = await hoarder.Commands.StartAsync($"python3 -c '{Hold}\nimport time; time.sleep(600)'", cancellationToken: Cancel);
        await foreach (var happened in holding.EventsAsync(Cancel))
            if (happened is StdoutEvent) break;
        var answers = await other.Commands.RunAsync($"python3 -c '{Ask}'", cancellationToken: Cancel);

        Assert.Equal("8\n", held.Stdout);
        Assert.Equal("[True, True, True, True, True, True, True, True]\n", answers.Stdout);
    }

    [Fact]
    public async Task Rules_hold_through_pause_resume_and_a_new_server()
    {
        var sandbox = await network.CreateAsync();
        string[] targets = [$"tcp {network.World.Public} 80", $"tcp {network.World.Private} 80"];

        await network.Client.PauseSandboxAsync(sandbox.SandboxId, cancellationToken: Cancel);
        await network.Client.ConnectSandboxAsync(sandbox.SandboxId, cancellationToken: Cancel);
        Assert.Equal(["open", "refused"], await NetworkFixture.TryAsync(sandbox, targets));

        await network.RestartServerAsync();
        var again = await network.Client.ConnectSandboxAsync(sandbox.SandboxId, cancellationToken: Cancel);
        Assert.Equal(["open", "refused"], await NetworkFixture.TryAsync(again, targets));
        await network.Client.KillSandboxAsync(sandbox.SandboxId, cancellationToken: Cancel);
    }

    [Fact]
    public async Task Tables_of_a_bridge_that_is_gone_do_not_stay_in_the_way_of_the_next_one()
    {
        const string Forsaken = "moru_0badc0de";
        foreach (var family in (string[])["inet", "bridge"]) await Shell.RunAsync("/usr/sbin/nft", "add", "table", family, Forsaken);

        await network.RestartServerAsync();
        await using var sandbox = await network.CreateAsync();

        Assert.DoesNotContain(Forsaken, await Shell.RunAsync("/usr/sbin/nft", "list", "tables"));
        Assert.Equal(["open"], await NetworkFixture.TryAsync(sandbox, $"tcp {network.World.Public} 80"));
    }
}
