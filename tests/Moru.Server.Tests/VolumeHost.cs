using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Moru.Protocol;
using Moru.Runtime;

namespace Moru.Server.Tests;

/// <summary>A real server on the real engine, whose volumes are small and whose sandboxes run commands.</summary>
public sealed class VolumeHost : IAsyncDisposable
{
    public const int VolumeBytes = 64 << 20;

    private readonly TemporaryDirectory directory = new();
    private readonly bool images;
    private MoruServer server = null!;
    private HttpClient api = null!;

    private VolumeHost(bool images) => this.images = images;

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public string DataDirectory => directory.Path;

    public HttpClient Api => api;

    public static async Task<VolumeHost> StartAsync(bool images = true)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root can mount a volume, and clean up what sandboxes leave in one.");
        var host = new VolumeHost(images);
        await host.OpenAsync();
        return host;
    }

    public async Task RestartAsync()
    {
        await CloseAsync();
        await OpenAsync();
    }

    public async Task<(HttpStatusCode Status, string Text)> SendAsync(HttpMethod method, string path, HttpContent? content = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        using var answer = await api.SendAsync(request, Cancel);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel));
    }

    public Task<(HttpStatusCode Status, string Text)> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<(HttpStatusCode Status, string Text)> UploadAsync(string volume, string path, byte[] content) =>
        SendAsync(HttpMethod.Put, $"/volumes/{volume}/files/upload?path={Uri.EscapeDataString(path)}", new ByteArrayContent(content));

    public async Task<string> MakeAsync(string name = "data") =>
        Member(await SendAsync(HttpMethod.Post, "/volumes", Json($$"""{"name":"{{name}}"}""")), "volumeID");

    public async Task<string> AttachAsync(string volume, string path = "/workspace") => Member(
        await SendAsync(HttpMethod.Post, "/sandboxes", Json($$"""{"templateID":"base","timeout":300,"volumeId":"{{volume}}","volumeMountPath":"{{path}}"}""")), "sandboxID");

    public Task KillAsync(string sandbox) => SendAsync(HttpMethod.Delete, $"/sandboxes/{sandbox}");

    /// <summary>Runs a bash line and returns everything it wrote.</summary>
    public async Task<string> RunAsync(string sandbox, string line, string user = "user")
    {
        using var proxied = new HttpClient { BaseAddress = server.HttpUrl };
        proxied.DefaultRequestHeaders.Host = $"{Ports.Envd}-{sandbox}.moru.localhost";
        var start = new StartRequest { Process = new ProcessConfig { Cmd = "/bin/bash", Args = ["-l", "-c", line] } };
        var output = new StringBuilder();
        await foreach (var step in new EnvdClient(proxied, server.HttpUrl!, null).StartAsync(start, user, TimeSpan.FromSeconds(60), Cancel))
            output.Append(Encoding.UTF8.GetString((step.Data?.Stdout ?? step.Data?.Stderr ?? default).Span));
        return output.ToString().Trim();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var sandbox in JsonDocument.Parse(await api.GetStringAsync("/v2/sandboxes", CancellationToken.None)).RootElement.EnumerateArray())
            (await api.DeleteAsync($"/sandboxes/{sandbox.GetProperty("sandboxID").GetString()}", CancellationToken.None)).Dispose();
        await CloseAsync();
        directory.Dispose();
    }

    private async Task OpenAsync()
    {
        server = await MoruServer.StartAsync(
            new ServerOptions { DataDirectory = directory.Path, EnvdPath = Artifacts.Envd, Http = new IPEndPoint(IPAddress.Loopback, 0) },
            new RuntimeOptions { DataDirectory = directory.Path, EnvdPath = Artifacts.Envd, VolumeBytes = VolumeBytes, VolumeImages = images },
            new DockerEngine(), TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
        api = new HttpClient { BaseAddress = server.HttpUrl, DefaultRequestHeaders = { { "X-API-Key", server.ApiKey } } };
    }

    private async Task CloseAsync()
    {
        api.Dispose();
        await server.DisposeAsync();
    }

    public static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private static string Member((HttpStatusCode Status, string Text) answer, string name)
    {
        Assert.Equal((HttpStatusCode.Created, answer.Text), answer);
        return JsonDocument.Parse(answer.Text).RootElement.GetProperty(name).GetString()!;
    }
}
