using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Moru.Server.Tests;

/// <summary>Each operation of the API is called once and answers with the status and the members that its description promises.</summary>
public sealed class EndpointSpecs
{
    private readonly HashSet<string> called = [];

    [Fact]
    public async Task Every_operation_answers_as_it_is_described()
    {
        await using var server = await MemoryServer.StartAsync(options => options with { VolumeImages = false });
        foreach (var path in new[] { "/health", "/ready", "/openapi.json" }) await CallAsync(server.Client, "GET " + path, path);
        await CallSandboxesAsync(server);
        await CallTeamsAsync(server);
        await CallAdministrationAsync(server);
        await CallVolumesAsync(server);

        // Builds need an engine that builds.
        Assert.Equal(Operations.All.Keys.Where(operation => !operation.Contains("template", StringComparison.Ordinal)).Order(), called.Order());
    }

    private async Task CallSandboxesAsync(MemoryServer server)
    {
        var client = server.Client;
        var id = (await CallAsync(client, "POST /sandboxes", "/sandboxes", """{"templateID":"base","timeout":60}"""))["sandboxID"]!;
        await CallAsync(client, "GET /sandboxes", "/sandboxes");
        await CallAsync(client, "GET /v2/sandboxes", "/v2/sandboxes");
        await CallAsync(client, "GET /sandboxes/{id}", $"/sandboxes/{id}");
        await CallAsync(client, "POST /sandboxes/{id}/connect", $"/sandboxes/{id}/connect", """{"timeout":60}""");
        await CallAsync(client, "POST /sandboxes/{id}/timeout", $"/sandboxes/{id}/timeout", """{"timeout":60}""");
        await CallAsync(client, "POST /sandboxes/{id}/refreshes", $"/sandboxes/{id}/refreshes", """{"duration":60}""");
        await CallAsync(client, "PUT /sandboxes/{id}/network", $"/sandboxes/{id}/network", "{}");
        await CallAsync(client, "GET /sandboxes/{id}/network", $"/sandboxes/{id}/network");
        await CallAsync(client, "GET /sandboxes/{id}/network/explain", $"/sandboxes/{id}/network/explain?host=example.com");
        await CallAsync(client, "GET /sandboxes/{id}/logs", $"/sandboxes/{id}/logs");
        await CallAsync(client, "GET /sandboxes/{id}/metrics", $"/sandboxes/{id}/metrics");
        await CallAsync(client, "GET /sandboxes/metrics", $"/sandboxes/metrics?sandbox_ids={id}");
        await CallAsync(client, "POST /sandboxes/{id}/pause", $"/sandboxes/{id}/pause");
        await CallAsync(client, "POST /sandboxes/{id}/resume", $"/sandboxes/{id}/resume", """{"timeout":60}""");
        await CallAsync(client, "DELETE /sandboxes/{id}", $"/sandboxes/{id}");
        await CallAsync(client, "GET /v2/sandbox-runs", "/v2/sandbox-runs");
    }

    private async Task CallTeamsAsync(MemoryServer server)
    {
        var client = server.Client;
        var team = (await CallAsync(client, "GET /teams", "/teams")).Json[0].GetProperty("teamID").GetString();
        await CallAsync(client, "GET /teams/{teamID}/metrics", $"/teams/{team}/metrics");
        await CallAsync(client, "GET /teams/{teamID}/metrics/max", $"/teams/{team}/metrics/max?metric=concurrent_sandboxes");
        foreach (var credentials in new[] { "api-keys", "access-tokens" })
        {
            await CallAsync(client, $"GET /{credentials}", $"/{credentials}");
            var id = (await CallAsync(client, $"POST /{credentials}", $"/{credentials}", """{"name":"one"}"""))["id"];
            if (credentials == "api-keys") await CallAsync(client, "PATCH /api-keys/{id}", $"/api-keys/{id}", """{"name":"two"}""");
            await CallAsync(client, $"DELETE /{credentials}/{{id}}", $"/{credentials}/{id}");
        }
    }

    private async Task CallAdministrationAsync(MemoryServer server)
    {
        var admin = server.Admin;
        var team = (await CallAsync(admin, "POST /admin/teams", "/admin/teams", """{"name":"tenants"}"""))["teamID"];
        await CallAsync(admin, "GET /admin/teams", "/admin/teams");
        await CallAsync(admin, "PATCH /admin/teams/{teamID}", $"/admin/teams/{team}", """{"name":"guests"}""");
        await CallAsync(admin, "POST /admin/teams/{teamID}/sandboxes/kill", $"/admin/teams/{team}/sandboxes/kill");
        var node = (await CallAsync(admin, "GET /nodes", "/nodes")).Json[0].GetProperty("nodeID").GetString();
        await CallAsync(admin, "GET /nodes/{nodeID}", $"/nodes/{node}");
        await CallAsync(admin, "POST /nodes/{nodeID}", $"/nodes/{node}", """{"status":"draining"}""");
    }

    private async Task CallVolumesAsync(MemoryServer server)
    {
        var client = server.Client;
        var id = (await CallAsync(client, "POST /volumes", "/volumes", """{"name":"data"}"""))["volumeID"];
        await CallAsync(client, "GET /volumes", "/volumes");
        await CallAsync(client, "GET /volumes/{volume}", "/volumes/data");
        using var content = new ByteArrayContent("hello"u8.ToArray()) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };
        await CallAsync(client, "PUT /volumes/{volume}/files/upload", $"/volumes/{id}/files/upload?path=/a", content);
        await CallAsync(client, "GET /volumes/{volume}/files", $"/volumes/{id}/files");
        Assert.Equal("hello", (await CallAsync(client, "GET /volumes/{volume}/files/download", $"/volumes/{id}/files/download?path=/a")).Text);
        await CallAsync(client, "DELETE /volumes/{volume}/files", $"/volumes/{id}/files?path=/a");
        await CallAsync(client, "DELETE /volumes/{volume}", $"/volumes/{id}");
    }

    private Task<Answer> CallAsync(Client client, string operation, string path, string? json = null) =>
        CallAsync(client, operation, path, json is null ? null : new StringContent(json, Encoding.UTF8, "application/json"));

    private async Task<Answer> CallAsync(Client client, string operation, string path, HttpContent? content)
    {
        called.Add(operation);
        using var request = new HttpRequestMessage(new HttpMethod(operation.Split(' ')[0]), path) { Content = content };
        var answer = await client.SendAsync(request);

        var described = Operations.All[operation];
        Assert.True(described.Status == answer.Status, $"{operation}: {answer.Status} {answer.Text}");
        // Fails when a member that is required is absent.
        if (described.Answer is { } type) Assert.NotNull(JsonSerializer.Deserialize(answer.Text, type));
        else if (answer.Status == 204) Assert.Equal("", answer.Text);
        return answer;
    }
}
