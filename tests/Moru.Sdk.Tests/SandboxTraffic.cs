using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Moru.Sdk.Tests;

/// <summary>Requests that the proxy carries into sandboxes.</summary>
public sealed class SandboxTraffic(ServerFixture fixture) : IAsyncLifetime
{
    private readonly HttpClient http = new() { BaseAddress = fixture.Server.HttpUrl };
    private Sandbox sandbox = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => sandbox = await fixture.Client.CreateSandboxAsync(cancellationToken: Cancelled);

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await sandbox.DisposeAsync();
    }

    [Fact]
    public async Task A_server_in_the_sandbox_is_reached_by_host_name()
    {
        await sandbox.Files.WriteAsync("/tmp/www/hello.txt", "hello", cancellationToken: Cancelled);
        await sandbox.Commands.RunAsync("nohup python3 -m http.server -d /tmp/www 8000 > /dev/null 2>&1 &", cancellationToken: Cancelled);

        using var response = await GetAsync($"8000-{sandbox.SandboxId}.moru.localhost", "/hello.txt");

        Assert.Equal("hello", await response.Content.ReadAsStringAsync(Cancelled));
    }

    [Fact]
    public async Task A_closed_port_is_told_apart_from_a_missing_sandbox()
    {
        using var closed = await GetAsync($"8001-{sandbox.SandboxId}.moru.localhost", "/");
        await IsAsync(closed, "The sandbox is running but port is not open", sandbox.SandboxId, 8001);

        using var missing = await GetAsync("8001-inothing.moru.localhost", "/");
        await IsAsync(missing, "The sandbox was not found", "inothing", null);
    }

    [Theory]
    [InlineData("8000-.moru.localhost", "Invalid host")]
    [InlineData("0-iabc.moru.localhost", "Invalid sandbox port")]
    [InlineData("70000-iabc.moru.localhost", "Invalid sandbox port")]
    public async Task A_host_name_that_names_no_sandbox_is_refused(string host, string message)
    {
        using var response = await GetAsync(host, "/");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(message, await response.Content.ReadAsStringAsync(Cancelled));
    }

    [Fact]
    public async Task The_agent_demands_the_sandboxs_token()
    {
        using var response = await GetAsync($"49983-{sandbox.SandboxId}.moru.localhost", "/envs");

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal(401, (await response.Content.ReadFromJsonAsync<JsonElement>(Cancelled)).GetProperty("code").GetInt32());
    }

    [Fact]
    public async Task Headers_route_where_host_names_cannot()
    {
        using var client = new MoruClient(new MoruOptions
        {
            ApiUrl = fixture.Server.HttpUrl,
            SandboxUrl = fixture.Server.HttpUrl,
            ApiKey = fixture.Server.ApiKey,
        });

        var same = await client.ConnectSandboxAsync(sandbox.SandboxId, cancellationToken: Cancelled);

        Assert.Equal("by header\n", (await same.Commands.RunAsync("echo by header", cancellationToken: Cancelled)).Stdout);
    }

    [Fact]
    public async Task A_request_arrives_as_it_was_sent()
    {
        await sandbox.Commands.RunAsync(
            "nohup python3 -c \"import http.server as h;h.HTTPServer(('',8002),type('H',(h.BaseHTTPRequestHandler,),{'do_GET':lambda s:(s.send_response(200),s.end_headers(),s.wfile.write(str(s.headers).encode()))})).serve_forever()\" > /dev/null 2>&1 &",
            cancellationToken: Cancelled);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { Host = $"8002-{sandbox.SandboxId}.moru.localhost" } };
        request.Headers.Add("X-Custom", "kept");

        using var response = await http.SendAsync(request, Cancelled);

        var seen = await response.Content.ReadAsStringAsync(Cancelled);
        Assert.Contains("X-Custom: kept", seen, StringComparison.OrdinalIgnoreCase);
        Assert.Contains($"Host: 8002-{sandbox.SandboxId}.moru.localhost", seen, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("X-Forwarded", seen, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("traceparent", seen, StringComparison.OrdinalIgnoreCase);
    }

    private Task<HttpResponseMessage> GetAsync(string host, string path)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Host = host } };
        return http.SendAsync(request, Cancelled);
    }

    private static async Task IsAsync(HttpResponseMessage response, string message, string sandboxId, int? port)
    {
        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        var body = await response.Content.ReadFromJsonAsync<JsonElement>(Cancelled);
        Assert.Equal((sandboxId, message, 502), (body.GetProperty("sandboxId").GetString(), body.GetProperty("message").GetString(), body.GetProperty("code").GetInt32()));
        Assert.Equal(port, body.TryGetProperty("port", out var number) ? number.GetInt32() : null);
    }
}
