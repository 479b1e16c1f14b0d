namespace Moru.Mcp.Tests;

public sealed class EndToEndServe : IDisposable
{
    private const string Serve = "serve --port 0 --https-port 0";

    private readonly TemporaryDirectory data = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => data.Dispose();

    [Fact]
    public async Task Serve_prints_what_an_sdk_needs_and_sandboxes_outlive_it()
    {
        await using var serve = McpProcess.Start(data.Path, Serve);
        var exports = await FirstExportsAsync(serve);
        Assert.Equal(exports, (await EnvAsync("env")).Take(2));
        var byHeader = await EnvAsync("env --no-dns");

        using var client = new MoruClient(new MoruOptions
        {
            ApiUrl = new Uri(exports["MORU_API_URL"]),
            ApiKey = exports["MORU_API_KEY"],
            SandboxUrl = new Uri(byHeader["MORU_SANDBOX_URL"]),
        });
        var sandbox = await client.CreateSandboxAsync(cancellationToken: Cancelled);
        Assert.Equal("hello\n", (await sandbox.Commands.RunAsync("echo hello", cancellationToken: Cancelled)).Stdout);
        Assert.InRange(await serve.TerminateAsync(), TimeSpan.Zero, TimeSpan.FromSeconds(3));

        await using var mcp = McpProcess.Start(data.Path);
        Assert.True((await mcp.DoAsync("kill_sandbox", new() { ["sandbox_id"] = sandbox.SandboxId })).GetProperty("killed").GetBoolean());
    }

    [Fact]
    public async Task Env_tells_names_and_certificates_where_names_resolve_and_one_url_where_they_do_not()
    {
        await using var serve = McpProcess.Start(data.Path, Serve);
        await FirstExportsAsync(serve);

        var (byName, byHeader, tried) = (await EnvAsync("env --dns"), await EnvAsync("env --no-dns"), await EnvAsync("env"));

        Assert.Equal(["MORU_API_KEY", "MORU_API_URL", "MORU_DOMAIN", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"], byName.Keys.Order(StringComparer.Ordinal));
        Assert.Matches("^moru.localhost:[0-9]+$", byName["MORU_DOMAIN"]);
        Assert.All(["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"], name => Assert.True(File.Exists(byName[name])));
        Assert.Equal(byName["MORU_API_URL"], byHeader["MORU_SANDBOX_URL"]);
        Assert.Equal(Resolves(byName["MORU_DOMAIN"]) ? byName : byHeader, tried);
    }

    [Fact]
    public async Task A_domain_that_does_not_resolve_is_found_out()
    {
        await using var serve = McpProcess.Start(data.Path, Serve + " --domain sandboxes.invalid");
        await FirstExportsAsync(serve);

        Assert.Contains("MORU_SANDBOX_URL", (await EnvAsync("env")).Keys);
        Assert.StartsWith("sandboxes.invalid:", (await EnvAsync("env --dns"))["MORU_DOMAIN"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_https_there_is_one_url()
    {
        await using var serve = McpProcess.Start(data.Path, "serve --port 0 --no-https");
        await FirstExportsAsync(serve);

        Assert.Equal(["MORU_API_URL", "MORU_API_KEY", "MORU_SANDBOX_URL"], (await EnvAsync("env")).Keys);
        Assert.False(File.Exists(Path.Combine(data.Path, "ca.pem")));
    }

    [Fact]
    public async Task It_listens_where_it_is_told_and_warns_when_others_can_reach_it()
    {
        await using var serve = McpProcess.Start(data.Path, Serve + " --listen 0.0.0.0");
        var url = new Uri((await FirstExportsAsync(serve))["MORU_API_URL"]);

        Assert.Equal("127.0.0.1", url.Host);
        Assert.Contains(
            System.Net.NetworkInformation.IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners(),
            listener => listener.Port == url.Port && listener.Address.Equals(System.Net.IPAddress.Any));
        await Eventually.TrueAsync(() => serve.Errors.Contains("API keys alone guard it", StringComparison.Ordinal), "it warns");
    }

    [Fact]
    public async Task An_mcp_server_attaches_to_a_running_one()
    {
        await using var serve = McpProcess.Start(data.Path, Serve);
        await FirstExportsAsync(serve);
        await using var mcp = McpProcess.Start(data.Path);
        await using var remote = McpProcess.Start("/nonexistent", null, [.. (await EnvAsync("env --no-dns")).Select(pair => (pair.Key, pair.Value))]);

        var id = (await mcp.DoAsync("create_sandbox")).GetProperty("sandbox_id").GetString();
        Assert.Equal("here\n", (await remote.DoAsync("run_command", new() { ["command"] = "echo here", ["sandbox_id"] = id })).GetProperty("stdout").GetString());
        await mcp.DoAsync("kill_sandbox", new() { ["sandbox_id"] = id });
    }

    [Fact]
    public async Task A_second_server_on_the_same_directory_is_refused()
    {
        await using var serve = McpProcess.Start(data.Path, Serve);
        await FirstExportsAsync(serve);
        await using var second = McpProcess.Start(data.Path, Serve);

        Assert.Equal("", await second.Output.ReadToEndAsync(Cancelled));
        Assert.Equal(1, await second.ExitCodeAsync());
    }

    private static bool Resolves(string domain)
    {
        try
        {
            return System.Net.Dns.GetHostAddresses($"80-i0.{domain.Split(':')[0]}").Length > 0;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }

    /// <summary>The address and the key, which are among the first lines whatever else there is.</summary>
    private static async Task<Dictionary<string, string>> FirstExportsAsync(McpProcess process)
    {
        var lines = new List<string>();
        while (lines.Count(line => line.StartsWith("export ", StringComparison.Ordinal)) < 2)
            lines.Add(await process.Output.ReadLineAsync(Cancelled).AsTask().WaitAsync(Eventually.Limit, Cancelled) ?? throw new EndOfStreamException(string.Join('\n', lines)));
        return Exports(lines);
    }

    private async Task<Dictionary<string, string>> EnvAsync(string arguments)
    {
        await using var env = McpProcess.Start(data.Path, arguments);
        return Exports((await env.Output.ReadToEndAsync(Cancelled)).Split('\n'));
    }

    private static Dictionary<string, string> Exports(IEnumerable<string> lines) => lines
        .Where(line => line.StartsWith("export ", StringComparison.Ordinal))
        .Select(line => line["export ".Length..].Split('=', 2))
        .ToDictionary(pair => pair[0], pair => pair[1].Trim('\''));
}
