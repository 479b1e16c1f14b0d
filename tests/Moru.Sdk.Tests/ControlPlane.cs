using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Moru.Sdk.Tests;

/// <summary>The REST API as any HTTP client sees it.</summary>
public sealed class ControlPlane(ServerFixture fixture) : IDisposable
{
    private readonly HttpClient http = new() { BaseAddress = fixture.Server.HttpUrl, DefaultRequestHeaders = { { "X-API-Key", fixture.Server.ApiKey } } };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => http.Dispose();

    [Fact]
    public async Task Health_needs_no_key()
    {
        http.DefaultRequestHeaders.Clear();

        Assert.Equal("OK", await http.GetStringAsync("/health", Cancelled));
    }

    [Theory]
    [InlineData(null, "header is missing")]
    [InlineData("nonsense", "authorization header is malformed")]
    [InlineData("moru_0000000000000000000000000000000000000000", "invalid API key")]
    public async Task Without_a_valid_key_even_a_bad_request_is_unauthorised(string? key, string message)
    {
        http.DefaultRequestHeaders.Clear();
        if (key is not null) http.DefaultRequestHeaders.Add("X-API-Key", key);

        using var response = await http.PostAsync("/sandboxes", Json("{"), Cancelled);

        await FailsAsync(response, HttpStatusCode.Unauthorized, message);
    }

    [Theory]
    [InlineData("{", "validation error")]
    [InlineData("[]", "validation error")]
    [InlineData("null", "validation error")]
    [InlineData("{}", "templateID")]
    [InlineData("""{"templateID":5}""", "templateID")]
    [InlineData("""{"templateID":"no such"}""", "no such")]
    [InlineData("""{"templateID":"base","timeout":-1}""", "timeout")]
    [InlineData("""{"templateID":"base","timeout":"long"}""", "timeout")]
    [InlineData("""{"templateID":"base","metadata":{"a":1}}""", "metadata")]
    [InlineData("""{"templateID":"base","metadata":{"a":null}}""", "metadata")]
    [InlineData("""{"templateID":"base","envVars":{"a=b":"c"}}""", "envVars")]
    public async Task A_malformed_create_is_refused_with_the_member_at_fault(string body, string message)
    {
        using var response = await http.PostAsync("/sandboxes", Json(body), Cancelled);

        await FailsAsync(response, HttpStatusCode.BadRequest, message);
    }

    [Fact]
    public async Task A_body_that_is_not_json_is_refused()
    {
        using var response = await http.PostAsync("/sandboxes", new StringContent("templateID=base"), Cancelled);

        await FailsAsync(response, HttpStatusCode.BadRequest, "application/json");
    }

    [Fact]
    public async Task A_body_beyond_the_limit_is_refused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/sandboxes") { Content = Json("{\"templateID\":\"" + new string('x', 2 << 20) + "\"}") };
        request.Headers.ExpectContinue = true;
        using var response = await http.SendAsync(request, Cancelled);

        await FailsAsync(response, HttpStatusCode.RequestEntityTooLarge, "");
    }

    [Theory]
    [InlineData("GET", "/sandboxes/inothing", HttpStatusCode.NotFound, "inothing")]
    [InlineData("DELETE", "/sandboxes/inothing", HttpStatusCode.NotFound, "inothing")]
    [InlineData("GET", "/no/such/path", HttpStatusCode.NotFound, "/no/such/path")]
    [InlineData("PATCH", "/sandboxes", HttpStatusCode.MethodNotAllowed, "PATCH")]
    [InlineData("GET", "/v2/sandboxes?limit=0", HttpStatusCode.BadRequest, "limit")]
    [InlineData("GET", "/v2/sandboxes?limit=101", HttpStatusCode.BadRequest, "limit")]
    [InlineData("GET", "/v2/sandboxes?state=frozen", HttpStatusCode.BadRequest, "frozen")]
    [InlineData("GET", "/v2/sandboxes?nextToken=%21", HttpStatusCode.BadRequest, "next token")]
    [InlineData("GET", "/v2/sandboxes?metadata=a", HttpStatusCode.BadRequest, "metadata")]
    public async Task Every_failure_has_a_code_and_a_message(string method, string path, HttpStatusCode status, string message)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await http.SendAsync(request, Cancelled);

        await FailsAsync(response, status, message);
    }

    [Fact]
    public async Task A_foreign_host_or_origin_is_refused()
    {
        using var host = new HttpRequestMessage(HttpMethod.Get, "/v2/sandboxes") { Headers = { Host = "evil.example" } };
        using var byHost = await http.SendAsync(host, Cancelled);
        await FailsAsync(byHost, HttpStatusCode.Forbidden, "evil.example");

        using var origin = new HttpRequestMessage(HttpMethod.Get, "/v2/sandboxes") { Headers = { { "Origin", "https://evil.example" } } };
        using var byOrigin = await http.SendAsync(origin, Cancelled);
        await FailsAsync(byOrigin, HttpStatusCode.Forbidden, "evil.example");
    }

    [Fact]
    public async Task A_list_is_cut_into_pages_without_gaps_or_repeats()
    {
        var made = new List<Sandbox>();
        try
        {
            for (var i = 0; i < 3; i++)
                made.Add(await fixture.Client.CreateSandboxAsync(options: new() { Metadata = new Dictionary<string, string> { ["page"] = "me" } }, cancellationToken: Cancelled));

            var seen = new List<string>();
            string? next = null;
            do
            {
                using var response = await http.GetAsync($"/v2/sandboxes?metadata=page%3Dme&state=running,paused&limit=1{(next is null ? "" : "&nextToken=" + next)}", Cancelled);
                Assert.Equal("3", response.Headers.GetValues("X-Total-Running").Single());
                seen.Add((await response.Content.ReadFromJsonAsync<JsonElement>(Cancelled)).EnumerateArray().Single().GetProperty("sandboxID").GetString()!);
                next = response.Headers.TryGetValues("X-Next-Token", out var tokens) ? tokens.Single() : null;
            }
            while (next is not null);

            Assert.Equal(made.Select(sandbox => sandbox.SandboxId).Reverse(), seen);
        }
        finally
        {
            foreach (var sandbox in made) await sandbox.DisposeAsync();
        }
    }

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    private static async Task FailsAsync(HttpResponseMessage response, HttpStatusCode status, string message)
    {
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/json; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        var body = await response.Content.ReadFromJsonAsync<JsonElement>(Cancelled);
        Assert.Equal((int)status, body.GetProperty("code").GetInt32());
        Assert.Contains(message, body.GetProperty("message").GetString(), StringComparison.Ordinal);
    }
}
