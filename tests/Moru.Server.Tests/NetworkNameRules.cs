using System.Net;

namespace Moru.Server.Tests;

/// <summary>Rules that allow names: held on connect, whatever a sandbox does to get around them.</summary>
public sealed class NetworkNameRules(NamedHosts network) : IClassFixture<NamedHosts>
{
    private static readonly string[] Everything = ["0.0.0.0/0"];

    private readonly Sandbox sandbox = network.Sandbox;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IPAddress Good => network.World.OtherPublic;

    private IPAddress Evil => network.World.ThirdPublic;

    [Fact]
    public async Task An_allowed_name_is_reached_by_HTTP_and_TLS()
    {
        Assert.Equal("good.test", await CurlAsync("http://good.test/"));
        Assert.Equal("good.test", await CurlAsync("https://good.test/"));
        Assert.Equal("sub.wild.test", await CurlAsync("https://SUB.wild.test/"));
        Assert.Equal("good.test", await CurlAsync("http://good.test/ --http2 -d body"));
        Assert.Equal("good.test", await CurlAsync("http://good.test/ -H 'Transfer-Encoding: chunked' -d body"));
    }

    [Fact]
    public async Task Other_names_are_not_even_resolved()
    {
        var came = await NetworkFixture.TryAsync(sandbox, "name evil.test", "name wild.test", "name secret-data.evil.test", "name good.test.evil.test");

        Assert.All(came, result => Assert.Equal("refused", result));
        Assert.DoesNotContain(network.Dns.Questions, name => name.EndsWith("evil.test", StringComparison.Ordinal) || name == "wild.test");
    }

    [Theory]
    [InlineData("https://evil.test/ --resolve evil.test:443:{evil}")]
    [InlineData("https://good.test/ --resolve good.test:443:{evil}")]
    [InlineData("http://good.test/ --resolve good.test:80:{evil}")]
    [InlineData("http://good.test/ -H 'Host: evil.test'")]
    [InlineData("http://evil.test/ --resolve evil.test:80:{good}")]
    [InlineData("http://good.test/ --request-target http://evil.test/")]
    [InlineData("https://evil.test/ --connect-to evil.test:443:good.test:443")]
    [InlineData("https://{evil}/")]
    [InlineData("https://{good}/")]
    [InlineData("http://{good}/")]
    [InlineData("http://{evil}/ -H 'Host: good.test'")]
    [InlineData("http://evil.test/ -x http://good.test:80")]
    [InlineData("http://evil.test/ -p -x http://good.test:80")]
    [InlineData("https://evil.test/ -x http://good.test:80")]
    [InlineData("https://evil.test/ -x socks5h://good.test:80")]
    [InlineData("https://evil.test:853/ --resolve evil.test:853:{evil}")]
    [InlineData("https://good.test/ -x http://good.test:80 --proxy-header 'Host: evil.test'")]
    public async Task No_other_host_is_reached(string attempt)
    {
        await CurlAsync("http://good.test/"); // its address has been answered
        var before = network.World.At(Evil).Count;

        var said = await CurlAsync(attempt.Replace("{good}", $"{Good}", StringComparison.Ordinal).Replace("{evil}", $"{Evil}", StringComparison.Ordinal));

        Assert.Equal("", said);
        Assert.Equal(before, network.World.At(Evil).Count);
    }

    [Fact]
    public async Task Other_resolvers_QUIC_and_protocols_without_a_name_are_refused()
    {
        var came = await NetworkFixture.TryAsync(
            sandbox, $"udp {Good} 443", $"udp {Good} 853", $"tcp {Good} 853", $"tcp {Evil} 443", $"tcp {Good} 22", $"udp {Evil} 5000", $"ping {Good}");

        Assert.Equal(["silent", "silent", "refused", "refused", "refused", "silent", "silent"], came);
    }

    [Fact]
    public async Task A_question_to_another_resolver_is_answered_by_ours()
    {
        const string Ask =
            """
            python3 -c '
            import socket
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(5)
            for name in (b"\x04good\x04test", b"\x04evil\x04test"):
                s.sendto(b"\0\7\1\0\0\1\0\0\0\0\0\0" + name + b"\0\0\1\0\1", ("203.0.113.251", 53)); print(s.recv(512)[3] & 15)
            '
            """;

        Assert.Equal("0\n5\n", (await sandbox.Commands.RunAsync(Ask, cancellationToken: Cancel)).Stdout);
    }

    [Fact]
    public async Task Each_request_of_a_connection_is_looked_at()
    {
        var said = await RawAsync("good.test", "GET / HTTP/1.1\\r\\nHost: good.test\\r\\n\\r\\n", "GET / HTTP/1.1\\r\\nHost: evil.test\\r\\n\\r\\n");

        Assert.Contains("good.test", said, StringComparison.Ordinal);
        Assert.DoesNotContain("evil.test", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\\r\\nHost: good.test\\r\\nHost: evil.test\\r\\n\\r\\n")]
    [InlineData("GET / HTTP/1.1\\r\\nHost: good.test\\0.evil.test\\r\\n\\r\\n")]
    [InlineData("POST / HTTP/1.1\\r\\nHost: good.test\\r\\nContent-Length: 4\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n")]
    [InlineData("GET / HTTP/1.1\\nHost: good.test\\n\\n")]
    [InlineData("\\5\\1\\0")]
    [InlineData("SSH-2.0-x\\r\\n\\r\\n")]
    public async Task What_leaves_doubt_about_its_host_is_refused(string request) => Assert.Equal("", await RawAsync("good.test", request));

    [Fact]
    public async Task A_name_that_turns_to_a_private_address_is_refused_there()
    {
        await using var box = await network.CreateAsync(allow: ["rebind.test"], deny: Everything);
        network.Dns["rebind.test"] = [Good];
        Assert.Equal("rebind.test", await CurlAsync("http://rebind.test/", box));

        network.Dns["rebind.test"] = [network.World.Private];

        Assert.Equal("", await CurlAsync("http://rebind.test/", box));
        Assert.Equal("", await CurlAsync($"http://rebind.test/ --resolve rebind.test:80:{network.World.Private}", box));
        Assert.Equal("", await CurlAsync($"http://rebind.test/ --resolve rebind.test:80:{World.Metadata}", box));
        Assert.Empty(network.World.At(network.World.Private));
        Assert.Empty(network.World.At(World.Metadata));
    }

    [Fact]
    public async Task A_tunnel_leads_to_its_own_allowed_host()
    {
        Assert.Equal("good.test", await CurlAsync($"https://good.test/ -x http://{Evil}:3128"));
        Assert.Equal("good.test", await CurlAsync($"http://good.test/ -p -x http://{Evil}:3128"));
        Assert.Equal("", await CurlAsync($"https://evil.test/ -x http://{Evil}:3128"));
        Assert.Equal("", await CurlAsync($"https://good.test/ -x http://{Evil}:3128 --connect-to good.test:443:sub.wild.test:443"));
    }

    /// <returns>The body; nothing when it did not work.</returns>
    private async Task<string> CurlAsync(string arguments, Sandbox? from = null) =>
        (await (from ?? sandbox).Commands.RunAsync($"curl -s -k -m 5 --noproxy none.test {arguments} || true", cancellationToken: Cancel)).Stdout;

    /// <summary>Sends one thing after the other, each when the last has been answered.</summary>
    private async Task<string> RawAsync(string host, params string[] requests)
    {
        var program =
            $"""
            python3 -c '
            import socket
            s = socket.create_connection(("{host}", 80), 5)
            try:
                for request in ({string.Concat(requests.Select(request => $"b\"{request}\", "))}):
                    s.send(request); print(s.recv(4096))
            except OSError: pass
            ' | grep -v "^b..$" || true
            """;
        return (await sandbox.Commands.RunAsync(program, cancellationToken: Cancel)).Stdout;
    }
}

/// <summary>One sandbox that may reach some names, for many attempts.</summary>
public sealed class NamedHosts : NetworkFixture
{
    public Sandbox Sandbox { get; private set; } = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        foreach (var name in (string[])["good.test", "sub.wild.test", "wild.test"]) Dns[name] = [World.OtherPublic];
        Dns["evil.test"] = [World.ThirdPublic];
        Sandbox = await CreateAsync(allow: ["good.test", "*.wild.test"]);
    }
}
