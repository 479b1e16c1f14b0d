using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Moru.Runtime;

namespace Moru.Server.Tests;

/// <summary>A real server behind real HTTP, on the in-memory engine and under a fake clock.</summary>
public sealed class MemoryServer : IAsyncDisposable
{
    public const string AdminToken = "the administrator's secret";

    private readonly TemporaryDirectory directory;
    private readonly MoruServer server;
    private readonly List<Client> clients = [];
    private Task? stopped;

    private MemoryServer(TemporaryDirectory directory, InMemoryEngine engine, FakeTimeProvider clock, MoruServer server)
    {
        this.directory = directory;
        this.server = server;
        Engine = engine;
        Clock = clock;
        Client = As("X-API-Key", server.ApiKey);
        Admin = As("X-Admin-Token", AdminToken);
    }

    public InMemoryEngine Engine { get; }

    public FakeTimeProvider Clock { get; }

    /// <summary>With the key of the first team; the calls of this class are its calls.</summary>
    public Client Client { get; }

    public Client Admin { get; }

    public string ApiKey => server.ApiKey;

    public string DataDirectory => Path.Combine(directory.Path, "data");

    public HttpClient Http => Client.Http;

    /// <summary>Begins to stop the server, once.</summary>
    public Task StopAsync() => stopped ??= server.DisposeAsync().AsTask();

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <param name="configure">Changes the options of the runtime.</param>
    /// <param name="configuration">Content of <c>moru.json</c>.</param>
    /// <param name="adminToken">What the server takes for the administrator's.</param>
    /// <param name="logs">Hears what the server logs.</param>
    public static async Task<MemoryServer> StartAsync(
        Func<RuntimeOptions, RuntimeOptions>? configure = null, string? configuration = null, string? adminToken = AdminToken, ILoggerFactory? logs = null)
    {
        var directory = new TemporaryDirectory();
        var envd = Path.Combine(directory.Path, "agent");
        await File.WriteAllTextAsync(envd, "the agent", Cancel);
        var data = Directory.CreateDirectory(Path.Combine(directory.Path, "data")).FullName;
        if (configuration is not null) await File.WriteAllTextAsync(Path.Combine(data, "moru.json"), configuration, Cancel);
        var engine = await InMemoryEngine.OpenAsync();
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 5, 4, 12, 0, 0, TimeSpan.Zero));
        var options = new RuntimeOptions { DataDirectory = data, EnvdPath = envd };
        try
        {
            var server = await MoruServer.StartAsync(
                new ServerOptions
                {
                    DataDirectory = data, EnvdPath = envd, Http = new IPEndPoint(IPAddress.Loopback, 0), Domain = "sandboxes.test", AdminToken = adminToken,
                },
                configure?.Invoke(options) ?? options, engine, clock, logs ?? NullLoggerFactory.Instance, Cancel);
            return new MemoryServer(directory, engine, clock, server);
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    /// <summary>One who sends this header with every request, or none.</summary>
    public Client As(string? header, string? value)
    {
        var client = new Client(server.HttpUrl!, header, value);
        lock (clients) clients.Add(client);
        return client;
    }

    /// <summary>Makes a team and gives its first key.</summary>
    public async Task<Client> NewTeamAsync(string name = "tenants")
    {
        var made = await Admin.PostAsync("/admin/teams", $$"""{"name":"{{name}}"}""");
        Assert.Equal(201, made.Status);
        var client = As("X-API-Key", made["apiKey"]);
        client.TeamId = made["teamID"];
        return client;
    }

    public Task<Answer> GetAsync(string path) => Client.GetAsync(path);

    public Task<Answer> DeleteAsync(string path) => Client.DeleteAsync(path);

    public Task<Answer> PostAsync(string path, string? json = null) => Client.PostAsync(path, json);

    public Task<Answer> PatchAsync(string path, string json) => Client.PatchAsync(path, json);

    public Task<Answer> SendAsync(HttpMethod method, string path, string? json) => Client.SendAsync(method, path, json);

    public Task<Answer> SendAsync(HttpRequestMessage request) => Client.SendAsync(request);

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
        foreach (var client in clients) client.Dispose();
        await server.DisposeAsync();
        directory.Dispose();
    }
}

/// <summary>Somebody who calls the server.</summary>
public sealed class Client : IDisposable
{
    public Client(Uri url, string? header, string? value)
    {
        Http = new HttpClient { BaseAddress = url };
        if (header is not null) Http.DefaultRequestHeaders.TryAddWithoutValidation(header, value);
    }

    public HttpClient Http { get; }

    public string? TeamId { get; set; }

    public Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null);

    public Task<Answer> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path, null);

    public Task<Answer> PostAsync(string path, string? json = null) => SendAsync(HttpMethod.Post, path, json);

    public Task<Answer> PatchAsync(string path, string json) => SendAsync(HttpMethod.Patch, path, json);

    public async Task<Answer> SendAsync(HttpMethod method, string path, string? json)
    {
        using var request = new HttpRequestMessage(method, path);
        if (json is not null) request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        return await SendAsync(request);
    }

    public async Task<Answer> SendAsync(HttpRequestMessage request)
    {
        using var response = await Http.SendAsync(request, MemoryServer.Cancel);
        var text = await response.Content.ReadAsStringAsync(MemoryServer.Cancel);
        var headers = response.Headers.ToDictionary(pair => pair.Key, pair => string.Join(", ", pair.Value), StringComparer.OrdinalIgnoreCase);
        return new Answer((int)response.StatusCode, text, response.Content.Headers.ContentType?.ToString(), headers);
    }

    public void Dispose() => Http.Dispose();
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
