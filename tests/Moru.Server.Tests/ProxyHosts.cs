using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Moru.Server.Tests;

/// <summary>Which request is for which port of which sandbox, and what the others are answered.</summary>
public sealed class ProxyHosts(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("{0}-{1}.moru.localhost")]
    [InlineData("{0}-{1}.moru.localhost.")]
    [InlineData("{0}-{1}.moru.localhost:3443")]
    [InlineData("{0}-{1}-6532622b.moru.localhost")]
    [InlineData("{0}-{1}-a-b-c.moru.localhost")]
    [InlineData("0{0}-{1}.moru.localhost")]
    [InlineData("{0}-{1}.any.other.domain")]
    public async Task Every_form_of_a_sandboxs_host_name_reaches_it(string form)
    {
        var sandbox = await proxy.CreateAsync();
        var port = await proxy.ServeAsync(context => context.Response.WriteAsync("reached as " + context.Request.Host.Value));
        foreach (var host in (string[])[string.Format(null, form, port, sandbox.Id), string.Format(null, form, port, sandbox.Id).ToUpperInvariant()])
        {
            var answer = await proxy.RawAsync($"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");

            Assert.StartsWith("HTTP/1.1 200 OK", answer, StringComparison.Ordinal);
            Assert.Contains("reached as " + host, answer, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("0-iabc.moru.localhost", "Invalid sandbox port")]
    [InlineData("65536-iabc.moru.localhost", "Invalid sandbox port")]
    [InlineData("99999999999999999999-iabc.moru.localhost", "Invalid sandbox port")]
    [InlineData("web-iabc.moru.localhost", "Invalid sandbox port")]
    [InlineData("-iabc.moru.localhost", "Invalid sandbox port")]
    [InlineData("8000.moru.localhost", "Invalid host")]
    [InlineData("8000-.moru.localhost", "Invalid host")]
    [InlineData("web.moru.localhost", "Invalid host")]
    [InlineData("8000-iabc", "Invalid host")]
    [InlineData("80-iaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.moru.localhost", "Invalid host")]
    public async Task A_name_that_is_no_sandboxs_is_refused_in_words(string host, string problem)
    {
        var answer = await proxy.RawAsync($"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains("Content-Type: text/plain; charset=utf-8", answer, StringComparison.Ordinal);
        Assert.EndsWith(problem, answer.TrimEnd('\r', '\n', '0'), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("80-iabc\u0001.moru.localhost")]
    [InlineData("80-iabc\tx.moru.localhost")]
    [InlineData("80-iäbc.moru.localhost")]
    [InlineData("80-iabc/../x.moru.localhost")]
    [InlineData("80-i<script>.moru.localhost")]
    [InlineData("80-iabc.moru.localhost\r\nHost: 80-iabd.moru.localhost")]
    [InlineData("")]
    public async Task A_hostile_host_is_a_bad_request(string host)
    {
        var answer = await proxy.RawAsync($"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");

        Assert.Matches("^HTTP/1.1 40[03] ", answer);
        Assert.DoesNotContain("<script>", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_of_absurd_length_and_one_with_a_user_name_reach_nothing()
    {
        Assert.StartsWith("HTTP/1.1 4", await proxy.RawAsync($"GET / HTTP/1.1\r\nHost: {new string('1', 30_000)}-iabc.moru.localhost\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
        Assert.Matches("^HTTP/1.1 (4|502)", await proxy.RawAsync("GET / HTTP/1.1\r\nHost: 80-iabc@127.0.0.1\r\nConnection: close\r\n\r\n"));
    }

    [Theory]
    [InlineData("moru.localhost")]
    [InlineData("API.moru.localhost.")]
    [InlineData("localhost")]
    [InlineData("127.0.0.1:3000")]
    [InlineData("[::1]:3000")]
    public async Task The_api_answers_to_its_own_names_with_and_without_tls(string host)
    {
        foreach (var (client, scheme) in new[] { (proxy.Plain, "http"), (proxy.Secure, "https") })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{scheme}://localhost/v2/sandboxes") { Headers = { Host = host } };
            request.Headers.Add("X-API-Key", proxy.Server.ApiKey);
            using var response = await client.SendAsync(request, Cancel);

            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }

    [Theory]
    [InlineData("evil.example", null)]
    [InlineData("api.moru.localhost.evil.example", null)]
    [InlineData("localhost", "https://evil.example")]
    [InlineData("localhost", "https://8000-iabc.moru.localhost:3443")] // a page that a sandbox serves
    [InlineData("localhost", "http://8000-iabc.localhost")]
    [InlineData("localhost", "null")]
    public async Task A_foreign_host_or_page_may_not_use_the_api(string host, string? origin)
    {
        var page = origin is null ? "" : $"Origin: {origin}\r\n";
        var request = $"GET /v2/sandboxes HTTP/1.1\r\nHost: {host}\r\n{page}X-API-Key: {proxy.Server.ApiKey}\r\nConnection: close\r\n\r\n";

        Assert.StartsWith("HTTP/1.1 403 ", await proxy.RawTlsAsync(request), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 403 ", await proxy.RawAsync(request), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clients_are_told_the_domain_with_the_port_of_tls()
    {
        var sandbox = await proxy.CreateAsync();

        Assert.Equal($"moru.localhost:{proxy.Server.HttpsUrl!.Port}", sandbox.Domain);
        Assert.Equal(sandbox.Domain, proxy.Server.Domain);
    }

    [Fact]
    public async Task Programs_are_answered_in_json_and_browsers_with_a_page()
    {
        var sandbox = await proxy.CreateAsync("\"secure\":true,\"network\":{\"allowPublicTraffic\":false}");
        var open = await proxy.CreateAsync();
        await AssertBothAsync("8000-igone.moru.localhost", 502, """{"sandboxId":"igone","message":"The sandbox was not found","code":502}""", "igone");
        await AssertBothAsync(open.Host(1), 502, $$"""{"sandboxId":"{{open.Id}}","message":"The sandbox is running but port is not open","code":502,"port":1}""", "no service running on port 1");
        await AssertBothAsync(sandbox.Host(81), 403, null, sandbox.Id);
    }

    [Theory]
    [InlineData("i<script>alert(1)</script>")]
    [InlineData("i\"&'><")]
    public async Task What_a_stranger_wrote_is_harmless_in_the_page(string id)
    {
        var answer = await proxy.RawAsync($"GET / HTTP/1.1\r\nHost: localhost\r\nMoru-Sandbox-Id: {id}\r\nMoru-Sandbox-Port: 80\r\nUser-Agent: Mozilla/5.0\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 502 ", answer, StringComparison.Ordinal);
        Assert.DoesNotContain(id, answer, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", answer, StringComparison.Ordinal);
    }

    private async Task AssertBothAsync(string host, int status, string? json, string says)
    {
        foreach (var agent in new[] { "moru-python-sdk/0.1.0", "Mozilla/5.0 (X11; Linux) Chrome/130", "SAFARI", "x MSIE 6" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{host}/") { Headers = { { "User-Agent", agent } } };
            using var response = await proxy.Plain.SendAsync(request, Cancel);
            var body = await response.Content.ReadAsStringAsync(Cancel);

            Assert.Equal(status, (int)response.StatusCode);
            Assert.Contains(says, agent.StartsWith("moru", StringComparison.Ordinal) ? "no service running on port 1" + body : body, StringComparison.Ordinal);
            if (agent.StartsWith("moru", StringComparison.Ordinal))
            {
                Assert.Equal("application/json; charset=utf-8", response.Content.Headers.ContentType!.ToString());
                if (json is not null) Assert.Equal(json, body);
                Assert.Equal(status, JsonDocument.Parse(body).RootElement.GetProperty("code").GetInt32());
            }
            else
            {
                Assert.Equal("text/html; charset=utf-8", response.Content.Headers.ContentType!.ToString());
                Assert.StartsWith("<html", body, StringComparison.Ordinal);
                Assert.EndsWith("</html>", body, StringComparison.Ordinal);
            }
        }
    }
}
