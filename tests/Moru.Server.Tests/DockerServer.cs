using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Moru.Protocol;

namespace Moru.Server.Tests;

/// <summary>A real server behind real HTTP, on the real engine. It removes the templates and sandboxes that a test made.</summary>
public sealed class DockerServer : IAsyncDisposable
{
    private static readonly TimeSpan BuildLimit = TimeSpan.FromMinutes(4);

    private readonly TemporaryDirectory directory;
    private readonly List<string> templates = [];
    private readonly List<string> sandboxes = [];
    private readonly MoruServer server;

    private DockerServer(TemporaryDirectory directory, MoruServer server)
    {
        this.directory = directory;
        this.server = server;
        Http = new HttpClient { BaseAddress = server.HttpUrl, DefaultRequestHeaders = { { "X-API-Key", server.ApiKey } } };
    }

    public HttpClient Http { get; }

    public string ApiKey => server.ApiKey;

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<DockerServer> StartAsync()
    {
        var directory = new TemporaryDirectory();
        return new DockerServer(directory, await MoruServer.StartAsync(
            new ServerOptions { DataDirectory = directory.Path, EnvdPath = Artifacts.Envd, Http = new IPEndPoint(IPAddress.Loopback, 0) }, NullLoggerFactory.Instance, Cancel));
    }

    /// <summary>Builds a template and returns what its status says in the end, with the whole log.</summary>
    public async Task<(JsonElement Status, IReadOnlyList<string> Log)> BuildAsync(string alias, object plan)
    {
        var requested = await JsonAsync(await Http.PostAsJsonAsync("/v3/templates", new { alias, cpuCount = 1, memoryMB = 512 }, Cancel));
        var (template, build) = (requested.GetProperty("templateID").GetString()!, requested.GetProperty("buildID").GetString()!);
        templates.Add(template);
        using var started = await Http.PostAsJsonAsync($"/v2/templates/{template}/builds/{build}", plan, Cancel);
        Assert.Equal(HttpStatusCode.Accepted, started.StatusCode);

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(BuildLimit);
        var log = new List<string>();
        while (true)
        {
            var status = await JsonAsync(await Http.GetAsync(new Uri($"/templates/{template}/builds/{build}/status?logsOffset={log.Count}", UriKind.Relative), limit.Token));
            log.AddRange(status.GetProperty("logs").EnumerateArray().Select(line => line.GetString()!));
            if (status.GetProperty("status").GetString() is "ready" or "error") return (status, log);
            await Task.Delay(50, limit.Token);
        }
    }

    /// <summary>Builds a template that must succeed.</summary>
    public async Task<IReadOnlyList<string>> BuiltAsync(string alias, object plan)
    {
        var (status, log) = await BuildAsync(alias, plan);
        Assert.True(status.GetProperty("status").GetString() == "ready", string.Join('\n', log));
        return log;
    }

    /// <summary>Uploads files as an official client does, and returns their hash.</summary>
    public async Task<string> UploadAsync(string alias, string hash, params TarEntry[] entries)
    {
        var requested = await JsonAsync(await Http.PostAsJsonAsync("/v3/templates", new { alias }, Cancel));
        var template = requested.GetProperty("templateID").GetString()!;
        templates.Add(template);
        var link = await JsonAsync(await Http.GetAsync(new Uri($"/templates/{template}/files/{hash}", UriKind.Relative), Cancel));
        Assert.False(link.GetProperty("present").GetBoolean());

        using var nobody = new HttpClient();
        using var body = new ByteArrayContent(Pack(entries));
        using var uploaded = await nobody.PutAsync(new Uri(link.GetProperty("url").GetString()!), body, Cancel);
        Assert.True(uploaded.IsSuccessStatusCode, await uploaded.Content.ReadAsStringAsync(Cancel));
        var again = await JsonAsync(await Http.GetAsync(new Uri($"/templates/{template}/files/{hash}", UriKind.Relative), Cancel));
        Assert.True(again.GetProperty("present").GetBoolean());
        return hash;
    }

    public async Task<string> CreateAsync(string template)
    {
        var created = await JsonAsync(await Http.PostAsJsonAsync("/sandboxes", new { templateID = template, timeout = 300 }, Cancel));
        var id = created.GetProperty("sandboxID").GetString()!;
        sandboxes.Add(id);
        return id;
    }

    /// <summary>Has templates removed that somebody else built here.</summary>
    public void Forget(params string[] aliases) => templates.AddRange(aliases);

    /// <summary>Runs a bash line in a sandbox, as its default user.</summary>
    public async Task<string> RunAsync(string sandboxId, string line)
    {
        using var http = new HttpClient { DefaultRequestHeaders = { { Headers.SandboxId, sandboxId }, { Headers.SandboxPort, "49983" } } };
        var envd = new EnvdClient(http, Http.BaseAddress!);
        var output = new StringBuilder();
        var start = new StartRequest { Process = new ProcessConfig { Cmd = "/bin/bash", Args = ["-l", "-c", line] }, Stdin = false };
        await foreach (var happened in envd.StartAsync(start, user: null, TimeSpan.FromSeconds(30), Cancel))
            if ((happened.Data?.Stdout ?? happened.Data?.Stderr) is { } bytes) output.Append(Encoding.UTF8.GetString(bytes.Span));
        return output.ToString().Trim();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var id in sandboxes) (await Http.DeleteAsync(new Uri($"/sandboxes/{id}", UriKind.Relative), CancellationToken.None)).Dispose();
        foreach (var id in templates.Distinct()) (await Http.DeleteAsync(new Uri($"/templates/{id}", UriKind.Relative), CancellationToken.None)).Dispose();
        Http.Dispose();
        var owner = server.OwnerId;
        await server.DisposeAsync();
        directory.Dispose();
        Assert.Equal("", await Docker.RunAsync("ps", "--all", "--quiet", "--filter", $"label=moru={owner}-builds"));
        var images = await Docker.RunAsync("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "--filter", $"reference=moru-template/{owner}/*");
        if (images.Length > 0) await Docker.RunAsync(["image", "rm", .. images.Split('\n')]);
    }

    private static byte[] Pack(TarEntry[] entries)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        using (var writer = new TarWriter(gzip))
            foreach (var entry in entries) writer.WriteEntry(entry);
        return packed.ToArray();
    }

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage response)
    {
        using (response)
        {
            var text = await response.Content.ReadAsStringAsync(Cancel);
            Assert.True(response.IsSuccessStatusCode, text);
            return JsonDocument.Parse(text).RootElement;
        }
    }
}
