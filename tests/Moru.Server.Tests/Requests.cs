using System.Text;

namespace Moru.Server.Tests;

public sealed class Requests(SharedServer shared) : IClassFixture<SharedServer>
{
    private MemoryServer Server => shared.Server;

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("5")]
    [InlineData("")]
    public async Task A_body_that_is_no_object_is_refused(string body)
    {
        foreach (var path in new[] { "/sandboxes", "/sandboxes/inone/connect", "/sandboxes/inone/timeout", "/sandboxes/inone/resume" })
            (await Server.PostAsync(path, body)).Fails(400, "validation error: ");
    }

    [Theory]
    [InlineData("connect", "{}", "timeout")]
    [InlineData("connect", """{"timeout":null}""", "timeout")]
    [InlineData("connect", """{"timeout":-1}""", "timeout")]
    [InlineData("connect", """{"timeout":99999999999}""", "timeout")]
    [InlineData("timeout", "{}", "timeout")]
    [InlineData("timeout", """{"timeout":-1}""", "timeout")]
    [InlineData("resume", """{"timeout":-1}""", "timeout")]
    [InlineData("resume", """{"timeout":null}""", "timeout")]
    [InlineData("resume", """{"autoPause":1}""", "autoPause")]
    [InlineData("refreshes", """{"duration":-1}""", "duration")]
    [InlineData("refreshes", """{"duration":3601}""", "duration")]
    [InlineData("refreshes", """{"duration":null}""", "duration")]
    public async Task A_bad_member_is_named_before_the_sandbox_is_looked_up(string action, string body, string says) =>
        (await Server.PostAsync($"/sandboxes/inone/{action}", body)).Fails(400, says);

    [Fact]
    public async Task A_body_of_another_type_is_refused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/sandboxes") { Content = new StringContent("templateID=base", Encoding.UTF8, "text/plain") };

        (await Server.SendAsync(request)).Fails(400, "application/json");
    }

    [Theory]
    [InlineData("GET", "/nothing", 404)]
    [InlineData("GET", "/sandboxes/inone/nothing", 404)]
    [InlineData("PUT", "/sandboxes", 405)]
    [InlineData("GET", "/sandboxes/inone/pause", 405)]
    [InlineData("DELETE", "/v2/sandbox-runs", 405)]
    public async Task An_unknown_path_is_404_and_a_wrong_method_405(string method, string path, int status) =>
        (await Server.SendAsync(new HttpMethod(method), path, null)).Fails(status, path);

    [Theory]
    [InlineData("GET", "/sandboxes/inone", null)]
    [InlineData("DELETE", "/sandboxes/inone", null)]
    [InlineData("POST", "/sandboxes/inone/pause", null)]
    [InlineData("POST", "/sandboxes/inone/resume", "{}")]
    [InlineData("POST", "/sandboxes/inone/connect", """{"timeout":5}""")]
    [InlineData("POST", "/sandboxes/inone/timeout", """{"timeout":5}""")]
    [InlineData("POST", "/sandboxes/inone/refreshes", "{}")]
    public async Task A_sandbox_that_does_not_exist_is_404_everywhere(string method, string path, string? body) =>
        (await Server.SendAsync(new HttpMethod(method), path, body)).Fails(404, "inone");

    [Theory]
    [InlineData("POST", "/sandboxes")]
    [InlineData("GET", "/sandboxes")]
    [InlineData("GET", "/v2/sandboxes?limit=0")]
    [InlineData("GET", "/v2/sandbox-runs?limit=0")]
    [InlineData("POST", "/sandboxes/inone/pause")]
    [InlineData("POST", "/sandboxes/inone/connect")]
    public async Task Without_a_key_even_a_bad_request_is_401(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Headers = { { "X-API-Key", "moru_x" } } };
        using var nobody = new HttpClient { BaseAddress = Server.Http.BaseAddress };
        using var response = await nobody.SendAsync(request, MemoryServer.Cancel);

        Assert.Equal(401, (int)response.StatusCode);
    }

    [Fact]
    public async Task A_page_of_this_machine_may_call_the_api_and_read_its_paging_headers()
    {
        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/v2/sandboxes")
        {
            Headers = { { "Origin", "http://localhost:5173" }, { "Access-Control-Request-Method", "GET" }, { "Access-Control-Request-Headers", "x-api-key" } },
        };
        using var call = new HttpRequestMessage(HttpMethod.Get, "/v2/sandboxes?limit=0") { Headers = { { "Origin", "http://localhost:5173" } } };

        var allowed = await Server.SendAsync(preflight);
        var failed = await Server.SendAsync(call);

        Assert.Equal(204, allowed.Status);
        Assert.Contains("X-API-Key", allowed.Headers["Access-Control-Allow-Headers"], StringComparison.Ordinal);
        Assert.Contains("DELETE", allowed.Headers["Access-Control-Allow-Methods"], StringComparison.Ordinal);
        Assert.Equal(400, failed.Status);
        Assert.Equal(("http://localhost:5173", "X-Next-Token, X-Total-Running"),
            (failed.Headers["Access-Control-Allow-Origin"], failed.Headers["Access-Control-Expose-Headers"]));
    }

    [Fact]
    public async Task A_page_from_elsewhere_may_not()
    {
        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/v2/sandboxes")
        {
            Headers = { { "Origin", "https://evil.example" }, { "Access-Control-Request-Method", "GET" } },
        };

        var refused = await Server.SendAsync(preflight);

        refused.Fails(403, "evil.example");
        Assert.DoesNotContain("Access-Control-Allow-Origin", refused.Headers.Keys);
    }
}
