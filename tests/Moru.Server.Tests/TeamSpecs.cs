namespace Moru.Server.Tests;

/// <summary>Two teams on one server do not see each other.</summary>
public sealed class TeamSpecs
{
    [Theory]
    [InlineData("GET", "", null)]
    [InlineData("DELETE", "", null)]
    [InlineData("POST", "/pause", null)]
    [InlineData("POST", "/resume", "{}")]
    [InlineData("POST", "/connect", """{"timeout":5}""")]
    [InlineData("POST", "/timeout", """{"timeout":5}""")]
    [InlineData("POST", "/refreshes", """{"duration":3600}""")]
    public async Task A_sandbox_of_another_team_does_not_exist(string method, string action, string? body)
    {
        await using var server = await MemoryServer.StartAsync();
        var other = await server.NewTeamAsync();
        var id = await server.CreateAsync("\"timeout\":100,\"secure\":true");
        var before = await server.GetAsync($"/sandboxes/{id}");

        var answer = await other.SendAsync(new HttpMethod(method), $"/sandboxes/{id}{action}", body);

        answer.Fails(404, id);
        Assert.Equal((await other.SendAsync(new HttpMethod(method), $"/sandboxes/inone{action}", body)).Text.Replace("inone", id, StringComparison.Ordinal), answer.Text);
        Assert.Equal(before.Text, (await server.GetAsync($"/sandboxes/{id}")).Text);
    }

    [Fact]
    public async Task Lists_and_runs_are_those_of_the_team()
    {
        await using var server = await MemoryServer.StartAsync();
        var other = await server.NewTeamAsync();
        var mine = await server.CreateAsync("\"metadata\":{\"a\":\"b\"}");
        var theirs = (await other.PostAsync("/sandboxes", """{"templateID":"base","metadata":{"a":"b"}}"""))["sandboxID"];

        foreach (var path in new[] { "/sandboxes", "/v2/sandboxes", "/v2/sandboxes?metadata=a%3Db", "/v2/sandbox-runs" })
        {
            Assert.Equal([mine], (await server.GetAsync(path)).Ids);
            Assert.Equal([theirs], (await other.GetAsync(path)).Ids);
        }

        Assert.Equal("1", (await other.GetAsync("/v2/sandboxes")).Headers["X-Total-Running"]);
    }

    [Fact]
    public async Task A_blocked_team_is_refused_and_its_sandboxes_live_on()
    {
        await using var server = await MemoryServer.StartAsync();
        var other = await server.NewTeamAsync("ten/ants");
        await other.PostAsync("/sandboxes", """{"templateID":"base","timeout":100}""");

        Assert.Equal(200, (await server.Admin.PatchAsync($"/admin/teams/{other.TeamId}", """{"isBlocked":true}""")).Status);
        (await other.GetAsync("/sandboxes")).Fails(403, "team 'ten/ants' is blocked");
        (await other.PostAsync("/sandboxes", "not even JSON")).Fails(403, "blocked");
        Assert.Equal("OK", (await other.GetAsync("/health")).Text);

        await server.Admin.PatchAsync($"/admin/teams/{other.TeamId}", """{"isBlocked":false}""");
        Assert.Single((await other.GetAsync("/sandboxes")).Ids);
    }

    [Fact]
    public async Task Each_team_has_its_own_number_of_sandboxes()
    {
        await using var server = await MemoryServer.StartAsync(configuration: """{"limits":{"sandboxes":1}}""");
        var other = await server.NewTeamAsync();
        await server.CreateAsync();

        (await server.PostAsync("/sandboxes", """{"templateID":"base"}""")).Fails(429, "which is 1;");
        Assert.Equal(201, (await other.PostAsync("/sandboxes", """{"templateID":"base"}""")).Status);
    }

    [Fact]
    public async Task Metrics_are_sampled_and_only_for_the_own_team()
    {
        await using var server = await MemoryServer.StartAsync();
        var team = (await server.GetAsync("/teams")).Json[0].GetProperty("teamID").GetString();
        var other = await server.NewTeamAsync();
        await server.CreateAsync();

        await Eventually.TrueAsync(async () =>
        {
            server.Clock.Advance(TimeSpan.FromSeconds(30));
            return (await server.GetAsync($"/teams/{team}/metrics")).Json.GetArrayLength() > 0;
        });
        var first = (await server.GetAsync($"/teams/{team}/metrics")).Json[0];
        var most = await server.GetAsync($"/teams/{team}/metrics/max?metric=concurrent_sandboxes");
        var rate = await server.GetAsync($"/teams/{team}/metrics/max?metric=sandbox_start_rate");

        Assert.Equal(["timestamp", "timestampUnix", "concurrentSandboxes", "sandboxStartRate"], first.EnumerateObject().Select(member => member.Name));
        Assert.Equal((1, 1.0), (first.GetProperty("concurrentSandboxes").GetInt32(), most.Json.GetProperty("value").GetDouble()));
        Assert.True(rate.Json.GetProperty("value").GetDouble() > 0);
        Assert.Equal(first.GetProperty("timestampUnix").GetInt64(), most.Json.GetProperty("timestampUnix").GetInt64());
        (await other.GetAsync($"/teams/{team}/metrics")).Fails(403, "not of team");
        (await other.GetAsync($"/teams/{team}/metrics/max?metric=sandbox_start_rate")).Fails(403, "not of team");
        (await server.GetAsync($"/teams/{team}/metrics?start=20&end=10")).Fails(400, "start");
        (await server.GetAsync($"/teams/{team}/metrics?start=x")).Fails(400, "start");
        (await server.GetAsync($"/teams/{team}/metrics?start=-1")).Fails(400, "start");
        (await server.GetAsync($"/teams/{team}/metrics/max")).Fails(400, "metric");
        Assert.Equal(0, (await server.GetAsync($"/teams/{team}/metrics/max?metric=concurrent_sandboxes&start=5&end=10")).Json.GetProperty("value").GetDouble());
    }
}
