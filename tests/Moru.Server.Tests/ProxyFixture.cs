using System.Net;
using System.Net.Http.Json;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Moru.Runtime;

namespace Moru.Server.Tests;

/// <summary>
/// The real proxy, with and without TLS, before sandboxes of the in-memory engine. All of these are at 127.0.0.1, so that what
/// listens there is a server in each of them.
/// </summary>
public sealed class ProxyFixture : IAsyncLifetime
{
    private readonly TemporaryDirectory directory = new();
    private readonly List<IAsyncDisposable> owned = [];
    private X509Certificate2Collection? roots;

    public MoruServer Server { get; private set; } = null!;

    public HttpClient Api { get; private set; } = null!;

    /// <summary>Any name leads to the server's HTTP port.</summary>
    public HttpClient Plain { get; private set; } = null!;

    /// <summary>Any name leads to the server's HTTPS port; its authority, and no other, is trusted.</summary>
    public HttpClient Secure { get; private set; } = null!;

    public string DataDirectory => Path.Combine(directory.Path, "data");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var agent = Path.Combine(directory.Path, "agent");
        await File.WriteAllTextAsync(agent, "the agent");
        Server = await MoruServer.StartAsync(
            new ServerOptions
            {
                DataDirectory = DataDirectory, EnvdPath = agent, Http = new IPEndPoint(IPAddress.Loopback, 0), Https = new IPEndPoint(IPAddress.Loopback, 0),
            },
            new RuntimeOptions { DataDirectory = DataDirectory, EnvdPath = agent }, await InMemoryEngine.OpenAsync(), TimeProvider.System, NullLoggerFactory.Instance, default);
        owned.Add(Server);
        roots = [];
        roots.ImportFromPemFile(Path.Combine(DataDirectory, "ca.pem"));
        Api = new HttpClient { BaseAddress = Server.HttpUrl, DefaultRequestHeaders = { { "X-API-Key", Server.ApiKey } } };
        Plain = new HttpClient(Handler(Server.HttpUrl!.Port)) { Timeout = TimeSpan.FromSeconds(30) };
        Secure = new HttpClient(Handler(Server.HttpsUrl!.Port)) { Timeout = TimeSpan.FromSeconds(30) };
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in (HttpClient[])[Api, Plain, Secure]) client.Dispose();
        foreach (var item in Enumerable.Reverse(owned)) await item.DisposeAsync();
        directory.Dispose();
    }

    public async Task<ProxiedSandbox> CreateAsync(string members = "\"secure\":true")
    {
        using var body = new StringContent($$"""{"templateID":"base","timeout":300,{{members}}}""", Encoding.UTF8, "application/json");
        using var made = await Api.PostAsync("/sandboxes", body, Cancel);
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        var json = await made.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        return new ProxiedSandbox(json.GetProperty("sandboxID").GetString()!, Text(json, "envdAccessToken"), Text(json, "trafficAccessToken"), Text(json, "domain"));
    }

    /// <summary>Starts a server in the sandboxes.</summary>
    /// <returns>Its port.</returns>
    public async Task<int> ServeAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        var app = builder.Build();
        app.UseWebSockets();
        app.Run(answer);
        await app.StartAsync(Cancel);
        lock (owned) owned.Add(app);
        return new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
    }

    /// <summary>Sends the text as it stands to the HTTP port, and reads until the server closes.</summary>
    public async Task<string> RawAsync(string text)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Server.HttpUrl!.Port, Cancel);
        return await RawAsync(client.GetStream(), text);
    }

    /// <summary>The same to the HTTPS port.</summary>
    public async Task<string> RawTlsAsync(string text, SslProtocols protocol = SslProtocols.None)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Server.HttpsUrl!.Port, Cancel);
        await using var tls = new SslStream(client.GetStream());
        var options = Authentication("localhost");
        options.EnabledSslProtocols = protocol;
        await tls.AuthenticateAsClientAsync(options, Cancel);
        return await RawAsync(tls, text);
    }

    private static async Task<string> RawAsync(Stream stream, string text)
    {
        await stream.WriteAsync(Encoding.Latin1.GetBytes(text), Cancel);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        return await reader.ReadToEndAsync(Cancel).WaitAsync(Eventually.Limit, Cancel);
    }

    private static string? Text(JsonElement json, string member) => json.TryGetProperty(member, out var value) ? value.GetString() : null;

    private SslClientAuthenticationOptions Authentication(string? name) => new()
    {
        TargetHost = name,
        CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { roots![0] }, RevocationMode = X509RevocationMode.NoCheck },
    };

    private SocketsHttpHandler Handler(int port) => new()
    {
        UseProxy = false, AllowAutoRedirect = false, SslOptions = Authentication(null),
        ConnectCallback = async (_, cancellationToken) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    };
}

/// <summary>A sandbox and what its maker was told.</summary>
public sealed record ProxiedSandbox(string Id, string? AccessToken, string? TrafficToken, string? Domain)
{
    public string Host(int port) => $"{port}-{Id}.moru.localhost";

    public Uri Url(string scheme, int port, string path = "/") => new($"{scheme}://{Host(port)}{path}");
}
