using System.Net;
using Moru.Protocol;

namespace Moru.Envd.Tests;

public sealed class CrossOriginSpecs : IAsyncLifetime
{
    private readonly LoopbackEnvd _envd = new();

    public async ValueTask InitializeAsync()
    {
        await _envd.InitializeAsync();
        await _envd.Client.InitAsync(new InitRequest { AccessToken = "secret" }, default);
    }

    public ValueTask DisposeAsync() => _envd.DisposeAsync();

    [Theory]
    [InlineData("files")]
    [InlineData("process.Process/Start")]
    public async Task A_browsers_question_before_a_call_needs_no_token(string path)
    {
        using var response = await _envd.SendAsync(
            "OPTIONS", path, ("Origin", "https://page.example"), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization,x-access-token"));

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal("*", Header(response, "Access-Control-Allow-Origin"));
        Assert.Equal("HEAD, GET, POST, PUT, PATCH, DELETE", Header(response, "Access-Control-Allow-Methods"));
        Assert.Equal("authorization,x-access-token", Header(response, "Access-Control-Allow-Headers"));
        Assert.Equal("7200", Header(response, "Access-Control-Max-Age"));
    }

    [Fact]
    public async Task A_page_may_read_answers_and_refusals()
    {
        using var answer = await _envd.SendAsync("GET", "envs", ("Origin", "https://page.example"), (Headers.AccessToken, "secret"));
        using var refusal = await _envd.SendAsync("GET", "envs", ("Origin", "https://page.example"));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (answer.StatusCode, refusal.StatusCode));
        Assert.Equal("*", Header(answer, "Access-Control-Allow-Origin"));
        Assert.Equal("*", Header(refusal, "Access-Control-Allow-Origin"));
        Assert.Contains("Content-Range", Header(answer, "Access-Control-Expose-Headers"));
    }

    [Fact]
    public async Task Options_without_an_origin_is_a_call_like_any_other()
    {
        using var response = await _envd.SendAsync("OPTIONS", "files");

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    private static string Header(HttpResponseMessage response, string name) => string.Join(", ", response.Headers.GetValues(name));
}
