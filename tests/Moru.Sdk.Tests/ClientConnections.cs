using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Moru.Sdk.Tests;

/// <summary>How the client reaches its server, shown on a stub of one.</summary>
[Collection("environment")]
public sealed class ClientConnections
{
    private const string Id = "iaaaaaaaaaaaaaaaaaaaa";

    private const string Detail =
        """{"templateID":"base","sandboxID":"iaaaaaaaaaaaaaaaaaaaa","clientID":"6532622b","startedAt":"2026-01-02T03:04:05Z","endAt":"2026-01-02T04:04:05.1234567Z","state":"paused","cpuCount":2,"memoryMB":512,"diskSizeMB":0,"envdVersion":"0.4.3","domain":"example.org"}""";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_name_under_localhost_is_this_machine_whatever_the_resolver_says()
    {
        await using var server = new StubServer(_ => StubServer.Ok(Detail));
        using var client = new MoruClient(new MoruOptions { ApiUrl = new Uri($"http://api.moru.localhost:{server.Port}") });

        var info = await client.GetSandboxInfoAsync(Id, Cancelled);

        Assert.Equal(("example.org", 512, "0.4.3"), (info.SandboxDomain, info.MemoryMB, info.EnvdVersion));
        Assert.Contains($"Host: api.moru.localhost:{server.Port}", server.Requests.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_authority_of_ones_own_is_trusted_by_its_file_and_only_for_names_it_signed()
    {
        using var directory = new TemporaryDirectory();
        var (authority, certificate) = Certificates("api.moru.localhost");
        var file = Path.Combine(directory.Path, "ca.pem");
        await File.WriteAllTextAsync(file, authority, Cancelled);
        await using var server = new StubServer(_ => StubServer.Ok(Detail), certificate);

        using var trusting = new MoruClient(new MoruOptions { ApiUrl = new Uri($"https://api.moru.localhost:{server.Port}"), CaFile = file });
        Assert.Equal(Id, (await trusting.GetSandboxInfoAsync(Id, Cancelled)).SandboxId);

        using var unaware = new MoruClient(new MoruOptions { ApiUrl = new Uri($"https://api.moru.localhost:{server.Port}") });
        var error = await Assert.ThrowsAsync<ServerUnreachableException>(() => unaware.GetSandboxInfoAsync(Id, Cancelled));
        Assert.Contains("MORU_CA_FILE", error.Message, StringComparison.Ordinal);

        using var other = new MoruClient(new MoruOptions { ApiUrl = new Uri($"https://other.localhost:{server.Port}"), CaFile = file });
        await Assert.ThrowsAsync<ServerUnreachableException>(() => other.GetSandboxInfoAsync(Id, Cancelled));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("no certificate")]
    public void A_file_without_authorities_is_named_at_once(string? content)
    {
        using var directory = new TemporaryDirectory();
        var file = Path.Combine(directory.Path, "ca.pem");
        if (content is not null) File.WriteAllText(file, content);

        var error = Assert.Throws<InvalidArgumentException>(() => new MoruClient(new MoruOptions { CaFile = file }));

        Assert.Contains(file, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_go_through_the_proxy_named()
    {
        await using var proxy = new StubServer(_ => StubServer.Ok(Detail));
        using var client = new MoruClient(new MoruOptions { ApiUrl = new Uri("http://api.example.org"), Proxy = new Uri($"http://127.0.0.1:{proxy.Port}") });

        await client.GetSandboxInfoAsync(Id, Cancelled);

        Assert.StartsWith($"GET http://api.example.org/sandboxes/{Id} HTTP/1.1", proxy.Requests.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_and_headers_are_sent_and_replaced_for_single_requests()
    {
        await using var server = new StubServer(_ => StubServer.Ok(Detail));
        using var client = new MoruClient(Options(server) with
        {
            ApiKey = "moru_one", AccessToken = "sk_moru_x", Headers = new Dictionary<string, string> { ["X-Team"] = "a", ["X-Both"] = "b" },
        });

        await client.GetSandboxInfoAsync(Id, Cancelled);
        await client.With(new() { ApiKey = "moru_two", Headers = new Dictionary<string, string> { ["x-team"] = "c" } }).GetSandboxInfoAsync(Id, Cancelled);

        Assert.All(["X-API-Key: moru_one\n", "Authorization: Bearer sk_moru_x\n", "X-Team: a\n", "X-Both: b\n"], line => Assert.Contains(line, server.Requests[0], StringComparison.Ordinal));
        Assert.All(["X-API-Key: moru_two\n", "Authorization: Bearer sk_moru_x\n", "X-Team: c\n", "X-Both: b\n"], line => Assert.Contains(line, server.Requests[1], StringComparison.Ordinal));
        Assert.DoesNotContain("X-Team: a", server.Requests[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_that_takes_too_long_says_which_and_how_long()
    {
        await using var server = new StubServer(_ =>
        {
            Cancelled.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(800));
            return null;
        });
        using var client = new MoruClient(Options(server));

        var error = await Assert.ThrowsAsync<SandboxTimeoutException>(
            () => client.With(new() { RequestTimeout = TimeSpan.FromMilliseconds(300) }).SetSandboxTimeoutAsync(Id, TimeSpan.FromSeconds(1), Cancelled));

        Assert.Contains($"POST /sandboxes/{Id}/timeout took longer than 0.3 s", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_question_that_breaks_off_is_asked_again()
    {
        var asked = 0;
        await using var server = new StubServer(_ => ++asked < 3 ? null : StubServer.Ok(Detail));
        using var client = new MoruClient(Options(server));

        Assert.Equal(Id, (await client.GetSandboxInfoAsync(Id, Cancelled)).SandboxId);
    }

    [Fact]
    public async Task An_order_that_may_have_been_carried_out_is_never_given_twice()
    {
        await using var server = new StubServer(_ => null);
        using var client = new MoruClient(Options(server));

        await Assert.ThrowsAsync<SandboxException>(() => client.CreateSandboxAsync(cancellationToken: Cancelled));

        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData(400, typeof(InvalidArgumentException))]
    [InlineData(401, typeof(AuthenticationException))]
    [InlineData(403, typeof(AuthenticationException))]
    [InlineData(404, typeof(NotFoundException))]
    [InlineData(429, typeof(RateLimitException))]
    [InlineData(500, typeof(SandboxException))]
    public async Task A_failed_answer_becomes_the_exception_of_its_status(int status, Type exception)
    {
        var body = $$"""{"code":{{status}},"message":"what went wrong"}""";
        await using var server = new StubServer(_ => $"HTTP/1.1 {status} Failed\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}");
        using var client = new MoruClient(Options(server));

        var error = await Assert.ThrowsAsync(exception, () => client.CreateSandboxAsync(cancellationToken: Cancelled));

        Assert.Contains("what went wrong", error.Message, StringComparison.Ordinal);
        Assert.IsAssignableFrom<SandboxException>(error);
    }

    [Fact]
    public async Task Metrics_are_read_in_the_range_asked_for()
    {
        await using var server = new StubServer(_ => StubServer.Ok(
            """[{"timestamp":"2026-01-02T03:04:05Z","timestampUnix":1767323045,"cpuCount":2,"cpuUsedPct":12.5,"memUsed":1048576,"memTotal":536870912,"diskUsed":4294967296,"diskTotal":8589934592}]"""));
        using var client = new MoruClient(Options(server));

        var metrics = await client.GetSandboxMetricsAsync(Id, DateTimeOffset.FromUnixTimeSeconds(1000), DateTimeOffset.FromUnixTimeSeconds(2000), Cancelled);

        Assert.StartsWith($"GET /sandboxes/{Id}/metrics?start=1000&end=2000 ", server.Requests.Single(), StringComparison.Ordinal);
        var sample = new SandboxMetrics
        {
            Timestamp = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
            CpuCount = 2, CpuUsedPercent = 12.5, MemoryUsedBytes = 1 << 20, MemoryTotalBytes = 512 << 20, DiskUsedBytes = 4L << 30, DiskTotalBytes = 8L << 30,
        };
        Assert.Equal([sample], metrics);
    }

    [Theory]
    [InlineData(null, 100, "direction=backward&limit=100")]
    [InlineData(1000L, 5, "cursor=1000&limit=5")]
    public async Task Logs_are_the_newest_or_those_from_a_time_on(long? start, int limit, string query)
    {
        await using var server = new StubServer(_ => StubServer.Ok(
            """{"logs":[],"logEntries":[{"timestamp":"2026-01-02T03:04:05Z","eventType":"stdout","message":"hi","fields":{"pid":"7"}}]}"""));
        using var client = new MoruClient(Options(server));

        var entry = Assert.Single(await client.GetSandboxLogsAsync(Id, start is { } time ? DateTimeOffset.FromUnixTimeMilliseconds(time) : null, limit, Cancelled));

        Assert.StartsWith($"GET /sandboxes/{Id}/logs?{query} ", server.Requests.Single(), StringComparison.Ordinal);
        Assert.Equal(("stdout", "hi", "7"), (entry.EventType, entry.Message, entry.Fields["pid"]));
    }

    [Fact]
    public async Task An_agent_that_is_too_old_is_killed_and_named()
    {
        await using var server = new StubServer(request => request.StartsWith("DELETE", StringComparison.Ordinal)
            ? "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
            : StubServer.Ok("""{"templateID":"old","sandboxID":"iaaaaaaaaaaaaaaaaaaaa","clientID":"6532622b","envdVersion":"0.0.9"}"""));
        using var client = new MoruClient(Options(server));

        var error = await Assert.ThrowsAsync<TemplateException>(() => client.CreateSandboxAsync("old", cancellationToken: Cancelled));

        Assert.Contains("'old'", error.Message, StringComparison.Ordinal);
        Assert.StartsWith($"DELETE /sandboxes/{Id} ", server.Requests[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everything_that_can_be_asked_of_a_new_sandbox_is_on_the_wire()
    {
        await using var server = new StubServer(_ => StubServer.Ok(
            """{"templateID":"python","sandboxID":"iaaaaaaaaaaaaaaaaaaaa","clientID":"6532622b","envdVersion":"0.4.3","envdAccessToken":"t","trafficAccessToken":"traffic","domain":null}"""));
        using var client = new MoruClient(Options(server) with { Domain = "moru.localhost:9443", ApiKey = "moru_client" });

        var sandbox = await client.CreateSandboxAsync(
            "python",
            new()
            {
                Timeout = TimeSpan.FromSeconds(600), AutoPause = true, AllowInternetAccess = false, Secure = true, ApiKey = "moru_own",
                Metadata = new Dictionary<string, string> { ["key"] = "value" },
                Envs = new Dictionary<string, string> { ["VAR"] = "value" },
                VolumeId = "vol_abc", VolumeMountPath = "/workspace",
                Network = new() { AllowOut = ["api.example.com"], DenyOut = ["0.0.0.0/0"], AllowPublicTraffic = false, MaskRequestHost = "host:${PORT}" },
            },
            Cancelled);

        Assert.Contains("X-API-Key: moru_own\n", server.Requests.Single(), StringComparison.Ordinal);
        Assert.EndsWith(
            """{"templateID":"python","timeout":600,"autoPause":true,"secure":true,"allow_internet_access":false,"network":{"allowPublicTraffic":false,"allowOut":["api.example.com"],"denyOut":["0.0.0.0/0"],"maskRequestHost":"host:${PORT}"},"metadata":{"key":"value"},"envVars":{"VAR":"value"},"volumeId":"vol_abc","volumeMountPath":"/workspace"}""",
            server.Requests.Single(),
            StringComparison.Ordinal);
        Assert.Equal("traffic", sandbox.TrafficAccessToken);
        Assert.Equal(("moru.localhost:9443", $"8080-{Id}.moru.localhost:9443"), (sandbox.SandboxDomain, sandbox.GetHost(8080)));
        Assert.StartsWith($"https://49983-{Id}.moru.localhost:9443/files?path=%2Fa%20b&username=u&signature=v1_", sandbox.DownloadUrl("/a b", "u").AbsoluteUri, StringComparison.Ordinal);
    }

    [Fact]
    public void The_environment_says_where_the_server_is()
    {
        var variables = new Dictionary<string, string>
        {
            ["MORU_API_KEY"] = "k", ["MORU_ACCESS_TOKEN"] = "a", ["MORU_API_URL"] = "http://127.0.0.1:1", ["MORU_DOMAIN"] = "d.localhost:2",
            ["MORU_SANDBOX_URL"] = "http://127.0.0.1:3", ["MORU_DEBUG"] = "true", ["MORU_CA_FILE"] = "/ca.pem",
        };
        var before = variables.Keys.ToDictionary(name => name, Environment.GetEnvironmentVariable);
        try
        {
            foreach (var (name, value) in variables) Environment.SetEnvironmentVariable(name, value);

            Assert.Equal(
                new MoruOptions
                {
                    ApiKey = "k", AccessToken = "a", ApiUrl = new Uri("http://127.0.0.1:1"), Domain = "d.localhost:2",
                    SandboxUrl = new Uri("http://127.0.0.1:3"), Debug = true, CaFile = "/ca.pem",
                },
                MoruOptions.FromEnvironment());
        }
        finally
        {
            foreach (var (name, value) in before) Environment.SetEnvironmentVariable(name, value);
        }
    }

    private static MoruOptions Options(StubServer server) => new() { ApiUrl = new Uri($"http://127.0.0.1:{server.Port}"), RequestTimeout = TimeSpan.FromSeconds(20) };

    private static (string Authority, X509Certificate2 Server) Certificates(string name)
    {
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authorityRequest = new CertificateRequest("CN=Test authority", authorityKey, HashAlgorithmName.SHA256);
        authorityRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var authority = authorityRequest.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(2));

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1), [1, 2, 3]);
        return (authority.ExportCertificatePem(), certificate.CopyWithPrivateKey(key));
    }
}
