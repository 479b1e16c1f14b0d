using System.Globalization;
using System.Net;
using Moru.Runtime;

namespace Moru.Server.Tests;

public sealed class RateLimitSpecs
{
    [Theory]
    [InlineData("GET", "/sandboxes", true, 200)]
    [InlineData("GET", "/nothing", true, 404)]
    [InlineData("PUT", "/sandboxes", true, 405)]
    [InlineData("POST", "/sandboxes", true, 400)]
    [InlineData("GET", "/sandboxes", false, 401)]
    [InlineData("GET", "/health", false, 200)]
    public async Task Every_answer_says_what_is_left(string method, string path, bool known, int status)
    {
        await using var server = await MemoryServer.StartAsync(configuration: """{"anonymousRequestsPerMinute":20,"limits":{"requestsPerMinute":30}}""");
        var client = known ? server.Client : server.As(null, null);

        var answer = await client.SendAsync(new HttpMethod(method), path, null);

        var limit = known ? "30" : "20";
        Assert.Equal((status, limit), (answer.Status, answer.Headers["X-RateLimit-Limit"]));
        Assert.Equal(int.Parse(limit) - 1, int.Parse(answer.Headers["X-RateLimit-Remaining"]));
        var reset = DateTimeOffset.FromUnixTimeSeconds(long.Parse(answer.Headers["X-RateLimit-Reset"], CultureInfo.InvariantCulture));
        Assert.InRange(reset, server.Clock.GetUtcNow(), server.Clock.GetUtcNow() + TimeSpan.FromSeconds(4));
    }

    [Fact]
    public async Task A_team_that_asks_too_often_is_told_when_to_come_back_and_others_are_not_concerned()
    {
        await using var server = await MemoryServer.StartAsync(configuration: """{"limits":{"requestsPerMinute":30}}""");
        var other = await server.NewTeamAsync();

        Answer refused;
        do refused = await server.GetAsync("/sandboxes");
        while (refused.Status == 200);

        refused.Fails(429, "Rate limit exceeded: 30 requests in a minute");
        Assert.Equal("0", refused.Headers["X-RateLimit-Remaining"]);
        Assert.InRange(int.Parse(refused.Headers["Retry-After"]), 1, 60);
        Assert.Equal(200, (await other.GetAsync("/sandboxes")).Status);
        Assert.Equal(200, (await server.As(null, null).GetAsync("/health")).Status);
        // Two seconds a request, for all keys of the team together.
        await Eventually.TrueAsync(async () => (await server.GetAsync("/sandboxes")).Status == 200);
    }

    [Fact]
    public async Task Those_without_a_credential_are_counted_by_address_and_known_ones_are_not_concerned()
    {
        await using var server = await MemoryServer.StartAsync(configuration: """{"anonymousRequestsPerMinute":5}""");

        for (var i = 0; i < 5; i++) (await server.As("X-API-Key", $"moru_{i}{i}").GetAsync("/sandboxes")).Fails(401, "invalid");

        (await server.As("X-API-Key", "moru_99").GetAsync("/sandboxes")).Fails(429, "5 requests");
        Assert.Equal(200, (await server.GetAsync("/sandboxes")).Status);
        Assert.Equal(200, (await server.Admin.GetAsync("/nodes")).Status);
    }

    [Fact]
    public async Task A_page_may_read_that_it_asked_too_often_and_a_foreign_one_is_counted()
    {
        await using var server = await MemoryServer.StartAsync(configuration: """{"anonymousRequestsPerMinute":1}""");

        var foreign = await FromAsync("https://evil.example");
        var refused = await FromAsync("http://localhost:5173");

        foreign.Fails(403, "evil.example");
        Assert.Equal("0", foreign.Headers["X-RateLimit-Remaining"]);
        refused.Fails(429, "Rate limit exceeded");
        Assert.Equal("http://localhost:5173", refused.Headers["Access-Control-Allow-Origin"]);

        async Task<Answer> FromAsync(string origin)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/health") { Headers = { { "Origin", origin } } };
            return await server.As(null, null).SendAsync(request);
        }
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1")]
    [InlineData("::ffff:192.0.2.1", "192.0.2.1")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::")]
    [InlineData(null, "socket")]
    public void An_address_stands_for_all_that_its_owner_has(string? address, string expected) =>
        Assert.Equal(expected, RateLimits.NetworkOf(address is null ? null : IPAddress.Parse(address)));

    [Fact]
    public async Task New_sandboxes_are_counted_apart()
    {
        await using var server = await MemoryServer.StartAsync(configuration: """{"limits":{"creationsPerMinute":2}}""");
        await server.CreateAsync();
        await server.CreateAsync();

        var refused = await server.PostAsync("/sandboxes", """{"templateID":"base"}""");

        refused.Fails(429, "2 new sandboxes in a minute");
        Assert.InRange(int.Parse(refused.Headers["Retry-After"]), 1, 60);
        Assert.Equal(2, (await server.GetAsync("/sandboxes")).Ids.Count());
    }

    [Fact]
    public async Task The_file_sets_limits_for_all_teams_and_for_single_ones()
    {
        using var data = new TemporaryDirectory();
        await File.WriteAllTextAsync(
            Path.Combine(data.Path, "moru.json"),
            """
            {
              // for everybody
              "sandboxes": 7,
              "limits": { "sandboxHours": 2, "requestsPerMinute": 500 },
              "teams": { "one-of-them": { "sandboxHours": 0.5 } },
            }
            """,
            MemoryServer.Cancel);

        var options = ConfigurationFile.Read(data.Path).Apply(new RuntimeOptions { DataDirectory = data.Path, EnvdPath = "" });

        Assert.Equal((7, TimeSpan.FromHours(2), 500), (options.MaxSandboxes, options.Limits.Life, options.Limits.RequestsPerMinute));
        Assert.Equal(options.Limits with { Life = TimeSpan.FromHours(0.5) }, options.LimitsByTeam["one-of-them"]);
    }

    [Fact]
    public async Task A_team_may_have_shorter_lives_than_the_server_allows()
    {
        await using var server = await MemoryServer.StartAsync(configuration: """{"limits":{"sandboxHours":2}}""");
        var id = await server.CreateAsync("\"timeout\":7200");

        (await server.PostAsync("/sandboxes", """{"templateID":"base","timeout":7201}""")).Fails(400, "Timeout cannot be greater than 2 hours");
        (await server.PostAsync($"/sandboxes/{id}/connect", """{"timeout":7201}""")).Fails(400, "Timeout cannot be greater than 2 hours");
    }

    [Theory]
    [InlineData("{", "moru.json")]
    [InlineData("null", "moru.json")]
    [InlineData("""{"limit":{}}""", "limit")]
    [InlineData("""{"limits":{"sandbox":1}}""", "sandbox")]
    [InlineData("""{"limits":{"sandboxes":0}}""", "'sandboxes' must be 1 or more")]
    [InlineData("""{"limits":{"requestsPerMinute":-1}}""", "'requestsPerMinute' must be 1 or more")]
    [InlineData("""{"limits":{"sandboxHours":0}}""", "'sandboxHours' must be more than 0")]
    [InlineData("""{"sandboxes":"many"}""", "sandboxes")]
    public async Task A_file_that_makes_no_sense_stops_the_start_and_is_named(string configuration, string says)
    {
        var failure = await Assert.ThrowsAsync<RuntimeException>(() => MemoryServer.StartAsync(configuration: configuration));

        Assert.Equal(RuntimeError.InvalidArgument, failure.Error);
        Assert.Contains("'moru.json'", failure.Message, StringComparison.Ordinal);
        Assert.Contains(says, failure.Message, StringComparison.Ordinal);
    }
}
