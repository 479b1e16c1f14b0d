using System.Net;
using Microsoft.AspNetCore.Http;
using Moru.Protocol;

namespace Moru.Server.Tests;

/// <summary>Sandboxes that a request does not name but holds a credential of, tokens of their ports, and masks of their host names.</summary>
public sealed class ProxyCredentials(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/health")]
    [InlineData("/files?path=x")]
    [InlineData("/process.Process/List")]
    [InlineData("/filesystem.Filesystem/Stat")]
    public async Task An_access_token_alone_leads_to_its_sandboxs_agent(string path)
    {
        await proxy.CreateAsync();
        var sandbox = await proxy.CreateAsync();
        await proxy.CreateAsync();

        // The agent in memory knows /health alone, and answers the others with an empty 404, which the API never does.
        var (status, body) = await GetAsync(path, (Headers.AccessToken, sandbox.AccessToken!));

        Assert.Equal(path == "/health" ? (HttpStatusCode.NoContent, "") : (HttpStatusCode.NotFound, ""), (status, body));
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/files?path=x")]
    public async Task A_token_of_no_running_sandbox_says_that_it_does_not_run(string path)
    {
        var sandbox = await proxy.CreateAsync();
        using (await proxy.Api.DeleteAsync($"/sandboxes/{sandbox.Id}", Cancel)) { }

        foreach (var token in new[] { sandbox.AccessToken!, "", "x", new string('0', 64) })
        {
            var (status, body) = await GetAsync(path, (Headers.AccessToken, token));
            Assert.Equal(HttpStatusCode.BadGateway, status);
            Assert.Contains("The sandbox was not found", body, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("/health", HttpStatusCode.OK)]
    [InlineData("/files?path=x", HttpStatusCode.NotFound)]
    [InlineData("/process.Process/List", HttpStatusCode.NotFound)]
    public async Task Without_a_credential_it_is_a_request_to_the_api(string path, HttpStatusCode expected) => Assert.Equal(expected, (await GetAsync(path)).Status);

    [Fact]
    public async Task A_token_does_not_turn_a_request_to_the_api_away_from_it()
    {
        var sandbox = await proxy.CreateAsync();

        var (status, body) = await GetAsync("/v2/sandboxes", (Headers.AccessToken, sandbox.AccessToken!), (Headers.ApiKey, proxy.Server.ApiKey));

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains(sandbox.Id, body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a b+ü.txt", "user", null)]
    [InlineData("/etc/x", "", null)]
    [InlineData("/etc/x", "root", 4102444800L)]
    [InlineData("/etc/x", "root", 1L)] // over, which is for the agent to say
    public async Task A_signature_leads_to_the_sandbox_that_it_was_made_for(string path, string user, long? end)
    {
        await proxy.CreateAsync();
        var sandbox = await proxy.CreateAsync();
        var signature = Signature.Of(path, FileOperation.Read, user, sandbox.AccessToken!, end);
        var query = $"/files?path={Uri.EscapeDataString(path)}&username={user}&signature={Uri.EscapeDataString(signature)}" + (end is null ? "" : $"&signature_expiration={end}");

        Assert.Equal((HttpStatusCode.NotFound, ""), await GetAsync(query));
        Assert.Equal(HttpStatusCode.BadGateway, (await GetAsync(query.Replace("path=", "path=x", StringComparison.Ordinal))).Status);
        Assert.Equal(HttpStatusCode.BadGateway, (await GetAsync(query, post: true)).Status); // signed for reading
    }

    [Theory]
    [InlineData("signature=")]
    [InlineData("signature=v1_x&signature_expiration=x")]
    [InlineData("signature=v1_x&signature_expiration=99999999999999999999")]
    [InlineData("signature=v1_x&signature=v1_y&path=a&path=b")]
    public async Task A_malformed_signature_leads_nowhere(string query)
    {
        await proxy.CreateAsync();

        Assert.Equal(HttpStatusCode.BadGateway, (await GetAsync("/files?path=x&" + query)).Status);
    }

    [Theory]
    [InlineData(Headers.SandboxId, "iabc")]
    [InlineData(Headers.SandboxPort, "80")]
    public async Task One_header_of_two_is_refused(string name, string value) =>
        Assert.Equal((HttpStatusCode.BadRequest, "missing header"), await GetAsync("/", (name, value)));

    [Theory]
    [InlineData("0")]
    [InlineData("65536")]
    [InlineData("web")]
    [InlineData("-1")]
    public async Task A_header_with_no_port_is_refused(string port) =>
        Assert.Equal((HttpStatusCode.BadRequest, "Invalid sandbox port"), await GetAsync("/", (Headers.SandboxId, "iabc"), (Headers.SandboxPort, port)));

    [Fact]
    public async Task Headers_win_over_the_host_name_and_over_tokens()
    {
        var (named, other) = (await proxy.CreateAsync(), await proxy.CreateAsync());
        var port = await proxy.ServeAsync(context => context.Response.WriteAsync("the server"));
        using var request = new HttpRequestMessage(HttpMethod.Get, other.Url("http", 1, "/files"));
        foreach (var (name, value) in new[] { (Headers.SandboxId, named.Id + "-6532622b"), (Headers.SandboxPort, $"{port}"), (Headers.AccessToken, other.AccessToken!) })
            request.Headers.Add(name, value);

        using var response = await proxy.Plain.SendAsync(request, Cancel);

        Assert.Equal("the server", await response.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task Ports_that_are_not_public_demand_the_traffic_token_which_the_server_never_sees()
    {
        var sandbox = await proxy.CreateAsync("\"secure\":true,\"network\":{\"allowPublicTraffic\":false}");
        var other = await proxy.CreateAsync("\"secure\":true,\"network\":{\"allowPublicTraffic\":false}");
        var port = await proxy.ServeAsync(context => context.Response.WriteAsync(string.Join('\n', context.Request.Headers.Select(header => header.Key + ": " + header.Value))));

        Assert.Contains("is missing", await RefusedAsync(null), StringComparison.Ordinal);
        Assert.Contains("is missing", await RefusedAsync(""), StringComparison.Ordinal);
        foreach (var wrong in new[] { "x", other.TrafficToken!, sandbox.AccessToken!, sandbox.TrafficToken + "x" })
            Assert.Contains("is invalid", await RefusedAsync(wrong), StringComparison.Ordinal);
        using var admitted = await SendAsync(sandbox.TrafficToken);
        var seen = await admitted.Content.ReadAsStringAsync(Cancel);
        Assert.Equal(HttpStatusCode.OK, admitted.StatusCode);
        Assert.DoesNotContain(sandbox.TrafficToken!, seen, StringComparison.Ordinal);
        Assert.DoesNotContain("traffic", seen, StringComparison.OrdinalIgnoreCase);

        using var agent = await proxy.Plain.GetAsync(sandbox.Url("http", Ports.Envd, "/health"), Cancel);
        Assert.Equal(HttpStatusCode.NoContent, agent.StatusCode);

        async Task<string> RefusedAsync(string? token)
        {
            using var response = await SendAsync(token);
            var body = System.Text.Json.JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancel)).RootElement;
            Assert.Equal((HttpStatusCode.Forbidden, sandbox.Id, 403), (response.StatusCode, body.GetProperty("sandboxId").GetString(), body.GetProperty("code").GetInt32()));
            Assert.Contains("moru-traffic-access-token", body.GetProperty("message").GetString(), StringComparison.Ordinal);
            return body.GetProperty("message").GetString()!;
        }

        async Task<HttpResponseMessage> SendAsync(string? token)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, sandbox.Url("http", port));
            if (token is not null) request.Headers.TryAddWithoutValidation("moru-traffic-access-token", token);
            return await proxy.Plain.SendAsync(request, Cancel);
        }
    }

    [Fact]
    public async Task A_masked_host_is_what_the_server_sees_and_the_real_one_is_forwarded()
    {
        var sandbox = await proxy.CreateAsync("\"network\":{\"maskRequestHost\":\"localhost:${PORT}\"}");
        var port = await proxy.ServeAsync(context => context.Response.WriteAsync($"{context.Request.Host} {context.Request.Headers["X-Forwarded-Host"]}"));
        using var request = new HttpRequestMessage(HttpMethod.Get, sandbox.Url("http", port)) { Headers = { { "X-Forwarded-Host", "forged.example" } } };

        using var response = await proxy.Plain.SendAsync(request, Cancel);

        Assert.Equal($"localhost:{port} {sandbox.Host(port)}", await response.Content.ReadAsStringAsync(Cancel));
    }

    private async Task<(HttpStatusCode Status, string Body)> GetAsync(string path, params (string Name, string Value)[] headers) => await GetAsync(path, false, headers);

    private async Task<(HttpStatusCode Status, string Body)> GetAsync(string path, bool post, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(post ? HttpMethod.Post : HttpMethod.Get, new Uri("http://localhost" + path));
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await proxy.Plain.SendAsync(request, Cancel);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancel));
    }
}
