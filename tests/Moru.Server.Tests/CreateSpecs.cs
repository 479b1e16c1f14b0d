using Moru.Runtime;

namespace Moru.Server.Tests;

public sealed class CreateSpecs
{
    [Theory]
    [InlineData("base")]
    [InlineData("  BASE ")]
    public async Task A_template_name_is_trimmed_and_in_lower_case(string template)
    {
        await using var server = await MemoryServer.StartAsync();

        var made = await server.PostAsync("/sandboxes", $$"""{"templateID":"{{template}}"}""");

        Assert.Equal((201, "base", "base", "6532622b", "0.4.3", "sandboxes.test"),
            (made.Status, made["templateID"], made["alias"], made["clientID"], made["envdVersion"], made["domain"]));
        Assert.Matches("^i[a-z0-9]{20}$", made["sandboxID"]);
    }

    [Theory]
    [InlineData("", 15)]
    [InlineData("\"timeout\":77", 77)]
    [InlineData("\"timeout\":86400", 86_400)]
    public async Task The_end_is_the_start_plus_the_timeout(string members, int seconds)
    {
        await using var server = await MemoryServer.StartAsync();
        var made = await server.PostAsync("/sandboxes", members == "" ? """{"templateID":"base"}""" : $$"""{"templateID":"base",{{members}}}""");

        var detail = await server.GetAsync($"/sandboxes/{made["sandboxID"]}");

        Assert.Equal(server.Clock.GetUtcNow(), detail.Time("startedAt"));
        Assert.Equal(TimeSpan.FromSeconds(seconds), detail.Time("endAt") - detail.Time("startedAt"));
    }

    [Fact]
    public async Task What_a_create_says_is_in_the_detail()
    {
        await using var server = await MemoryServer.StartAsync();
        var id = await server.CreateAsync("""
            "timeout":60,"autoPause":true,"secure":true,"allow_internet_access":false,"metadata":{"a":"b","ü":"%"},"envVars":{"X":"1"},"mcp":null,"unknown":[1]
            """);

        var detail = await server.GetAsync($"/sandboxes/{id}-6532622b");

        Assert.Equal(("running", "sandboxes.test"), (detail["state"], detail["domain"]));
        Assert.Equal(("b", "%"), (detail.Json.GetProperty("metadata").GetProperty("a").GetString(), detail.Json.GetProperty("metadata").GetProperty("ü").GetString()));
        Assert.Equal((2, 1024, 0), (detail.Json.GetProperty("cpuCount").GetInt32(), detail.Json.GetProperty("memoryMB").GetInt32(), detail.Json.GetProperty("diskSizeMB").GetInt32()));
        Assert.Equal("1", server.Engine.Inits[id].EnvVars!["X"]);
        Assert.Equal(server.Engine.Inits[id].AccessToken, detail["envdAccessToken"]);
    }

    [Theory]
    [InlineData(true, null, 10_240)]
    [InlineData(true, """{"limits":{"diskSizeMB":2048}}""", 2048)]
    [InlineData(false, """{"limits":{"diskSizeMB":2048}}""", 0)]
    public async Task The_size_of_the_disk_is_what_the_engine_really_limits_it_to(bool limits, string? configuration, int size)
    {
        await using var server = await MemoryServer.StartAsync(configuration: configuration);
        server.Engine.LimitsDisks = limits;

        var id = await server.CreateAsync();

        Assert.Equal(size, (await server.GetAsync($"/sandboxes/{id}")).Json.GetProperty("diskSizeMB").GetInt32());
    }

    [Fact]
    public async Task Only_a_secure_sandbox_has_a_token_for_its_agent_and_null_says_that_there_is_none()
    {
        await using var server = await MemoryServer.StartAsync();

        var secure = await server.PostAsync("/sandboxes", """{"templateID":"base","secure":true}""");
        var open = await server.PostAsync("/sandboxes", """{"templateID":"base"}""");

        Assert.Matches("^[0-9a-f]{64}$", secure["envdAccessToken"]);
        Assert.Null(open["envdAccessToken"]);
    }

    [Fact]
    public async Task A_sandbox_closed_to_the_public_has_a_traffic_token_and_keeps_both_tokens_for_life()
    {
        await using var server = await MemoryServer.StartAsync();

        var made = await server.PostAsync("/sandboxes", """{"templateID":"base","timeout":60,"secure":true,"network":{"allowPublicTraffic":false}}""");
        var open = await server.PostAsync("/sandboxes", """{"templateID":"base","network":{"allowPublicTraffic":true}}""");
        await server.PostAsync($"/sandboxes/{made["sandboxID"]}/pause");
        var resumed = await server.PostAsync($"/sandboxes/{made["sandboxID"]}/connect", """{"timeout":60}""");

        Assert.Matches("^[0-9a-f]{64}$", made["trafficAccessToken"]);
        Assert.NotEqual(made["envdAccessToken"], made["trafficAccessToken"]);
        Assert.Null(open["trafficAccessToken"]);
        Assert.Equal((made["envdAccessToken"], made["trafficAccessToken"]), (resumed["envdAccessToken"], resumed["trafficAccessToken"]));
    }

    [Fact]
    public async Task Denying_every_address_is_the_same_as_no_internet_access()
    {
        await using var server = await MemoryServer.StartAsync();

        await server.CreateAsync("""
            "network":{"denyOut":["0.0.0.0/0"]}
            """);
        await server.CreateAsync("""
            "allow_internet_access":false
            """);
        await server.CreateAsync("""
            "network":{"allowOut":[],"denyOut":[],"maskRequestHost":"localhost:${PORT}"}
            """);

        Assert.Equal([true, false, false], server.Engine.Specs.Select(spec => spec.AllowInternet).Order().Reverse());
    }

    [Fact]
    public async Task Beyond_the_maximum_a_create_is_refused_and_paused_sandboxes_do_not_count()
    {
        await using var server = await MemoryServer.StartAsync(options => options with { MaxSandboxes = 2 });
        await server.CreateAsync();
        var second = await server.CreateAsync();

        (await server.PostAsync("/sandboxes", """{"templateID":"base"}""")).Fails(429, "2 sandboxes");
        await server.PostAsync($"/sandboxes/{second}/pause");
        await server.CreateAsync();
        (await server.PostAsync($"/sandboxes/{second}/connect", """{"timeout":60}""")).Fails(429, "2 sandboxes");

        Assert.Equal("paused", (await server.GetAsync($"/sandboxes/{second}"))["state"]);
    }

    [Fact]
    public async Task The_template_is_looked_up_before_the_timeout_the_network_the_volume_and_the_maximum()
    {
        await using var server = await MemoryServer.StartAsync(options => options with { MaxSandboxes = 0 });
        const string Timeout = "\"timeout\":86401", Rules = "\"network\":{\"denyOut\":[\"example.com\"],\"allowPublicTraffic\":false}", Volume = "\"volumeId\":\"vol_x\"";

        (await server.PostAsync("/sandboxes", $$"""{"templateID":"no/good",{{Timeout}},{{Rules}},{{Volume}}}""")).Fails(400, "no/good");
        (await server.PostAsync("/sandboxes", $$"""{"templateID":"nothing",{{Timeout}},{{Rules}},{{Volume}}}""")).Fails(404, "template 'nothing' not found");
        (await server.PostAsync("/sandboxes", $$"""{"templateID":"base",{{Timeout}},{{Rules}},{{Volume}}}""")).Fails(400, "Timeout cannot be greater than 24 hours");
        (await server.PostAsync("/sandboxes", $$"""{"templateID":"base",{{Rules}},{{Volume}}}""")).Fails(400, "invalid denied CIDR");
        (await server.PostAsync("/sandboxes", $$"""{"templateID":"base","network":{"allowPublicTraffic":false},{{Volume}}}""")).Fails(400, "allowPublicTraffic");
        (await server.PostAsync("/sandboxes", $$"""{"templateID":"base",{{Volume}}}""")).Fails(400, "volumeMountPath");
        (await server.PostAsync("/sandboxes", """{"templateID":"base"}""")).Fails(429, "0 sandboxes");
    }

    [Fact]
    public async Task A_create_that_fails_leaves_nothing()
    {
        await using var server = await MemoryServer.StartAsync(options => options with { StartTimeout = TimeSpan.FromMilliseconds(200) });
        server.Engine.AgentsAreSilent = true;

        (await server.PostAsync("/sandboxes", """{"templateID":"base"}""")).Fails(500, "was not ready");

        Assert.Empty(server.Engine.SandboxIds);
        Assert.Equal("[]", (await server.GetAsync("/v2/sandboxes")).Text);
        Assert.Equal("[]", (await server.GetAsync("/v2/sandbox-runs")).Text);
    }
}
