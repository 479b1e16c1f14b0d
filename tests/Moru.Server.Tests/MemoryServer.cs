using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Moru.Runtime;

namespace Moru.Server.Tests;

/// <summary>A real server behind real HTTP, on the in-memory engine and under a fake clock.</summary>
public sealed class MemoryServer : IAsyncDisposable
{
    private readonly TemporaryDirectory directory;
    private readonly MoruServer server;

    private MemoryServer(TemporaryDirectory directory, InMemoryEngine engine, FakeTimeProvider clock, MoruServer server)
    {
        this.directory = directory;
        this.server = server;
        Engine = engine;
        Clock = clock;
        Http = new HttpClient { BaseAddress = server.HttpUrl, DefaultRequestHeaders = { { "X-API-Key", server.ApiKey } } };
    }

    public InMemoryEngine Engine { get; }

    public FakeTimeProvider Clock { get; }

    public HttpClient Http { get; }

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<MemoryServer> StartAsync(Func<RuntimeOptions, RuntimeOptions>? configure = null)
    {
        var directory = new TemporaryDirectory();
        var envd = Path.Combine(directory.Path, "agent");
        await File.WriteAllTextAsync(envd, "the agent", Cancel);
        var data = Path.Combine(directory.Path, "data");
        var engine = await InMemoryEngine.OpenAsync();
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 5, 4, 12, 0, 0, TimeSpan.Zero));
        var options = new RuntimeOptions { DataDirectory = data, EnvdPath = envd };
        var server = await MoruServer.StartAsync(
            new ServerOptions { DataDirectory = data, EnvdPath = envd, Http = new IPEndPoint(IPAddress.Loopback, 0), Domain = "sandboxes.test" },
            configure?.Invoke(options) ?? options, engine, clock, NullLoggerFactory.Instance, Cancel);
        return new MemoryServer(directory, engine, clock, server);
    }

    public Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null);

    public Task<Answer> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path, null);

    public Task<Answer> PostAsync(string path, string? json = null) => SendAsync(HttpMethod.Post, path, json);

    public async Task<Answer> SendAsync(HttpMethod method, string path, string? json)
    {
        using var request = new HttpRequestMessage(method, path);
        if (json is not null) request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        return await SendAsync(request);
    }

    public async Task<Answer> SendAsync(HttpRequestMessage request)
    {
        using var response = await Http.SendAsync(request, Cancel);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        var headers = response.Headers.ToDictionary(pair => pair.Key, pair => string.Join(", ", pair.Value), StringComparer.OrdinalIgnoreCase);
        return new Answer((int)response.StatusCode, text, response.Content.Headers.ContentType?.ToString(), headers);
    }

    /// <summary>Makes a sandbox, with <paramref name="members"/> such as <c>"timeout":60</c>, and returns its id.</summary>
    public async Task<string> CreateAsync(string members = "\"timeout\":300")
    {
        var answer = await PostAsync("/sandboxes", $$"""{"templateID":"base",{{members}}}""");
        Assert.Equal(201, answer.Status);
        return answer.Json.GetProperty("sandboxID").GetString()!;
    }

    public async Task<string> CreatePausedAsync(string members = "\"timeout\":300")
    {
        var id = await CreateAsync(members);
        Assert.Equal(204, (await PostAsync($"/sandboxes/{id}/pause")).Status);
        return id;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await server.DisposeAsync();
        directory.Dispose();
    }
}

/// <summary>What the server answered.</summary>
public sealed record Answer(int Status, string Text, string? ContentType, IReadOnlyDictionary<string, string> Headers)
{
    public JsonElement Json => JsonDocument.Parse(Text).RootElement;

    public IEnumerable<string?> Ids => Json.EnumerateArray().Select(item => item.GetProperty("sandboxID").GetString());

    public string? this[string member] => Json.GetProperty(member).GetString();

    public DateTimeOffset Time(string member) => Json.GetProperty(member).GetDateTimeOffset();

    /// <summary>Fails unless this is an error of the form that clients decide on.</summary>
    public void Fails(int status, string says)
    {
        Assert.Equal((status, "application/json; charset=utf-8"), (Status, ContentType));
        Assert.Equal(["code", "message"], Json.EnumerateObject().Select(member => member.Name));
        Assert.Equal(status, Json.GetProperty("code").GetInt32());
        Assert.Contains(says, this["message"], StringComparison.Ordinal);
    }
}

/// <summary>One server that the tests of a class share, for requests that leave nothing behind.</summary>
public sealed class SharedServer : IAsyncLifetime
{
    private MemoryServer? server;

    public MemoryServer Server => server!;

    public async ValueTask InitializeAsync() => server = await MemoryServer.StartAsync();

    public ValueTask DisposeAsync() => server!.DisposeAsync();
}
