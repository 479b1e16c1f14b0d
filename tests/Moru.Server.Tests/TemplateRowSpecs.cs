namespace Moru.Server.Tests;

/// <summary>The rows of the API's table about templates that other classes leave out: older calls, other credentials, other teams.</summary>
public sealed class TemplateRowSpecs
{
    private const string Plan = """{"fromImage":"ghcr.io/moru-ai/base"}""";

    [Fact]
    public async Task A_Dockerfile_is_built_in_three_calls_with_an_access_token_as_older_clients_do()
    {
        await using var server = await MemoryServer.StartAsync();
        var user = await UserAsync(server);

        var made = await user.PostAsync("/templates", """{"dockerfile":"FROM ghcr.io/moru-ai/base\nRUN make","alias":"old","startCmd":"serve","readyCmd":"check","cpuCount":1,"memoryMB":256}""");
        var again = await user.PostAsync($"/templates/{made["templateID"]}", """{"dockerfile":"FROM ghcr.io/moru-ai/base\nRUN make all"}""");
        var started = await user.PostAsync($"/templates/{made["templateID"]}/builds/{again["buildID"]}");

        Assert.Equal((202, 202, 202, ""), (made.Status, again.Status, started.Status, started.Text));
        Assert.Equal(["templateID", "buildID", "public", "aliases"], made.Json.EnumerateObject().Select(member => member.Name));
        Assert.Equal((made["templateID"], "old"), (again["templateID"], again.Json.GetProperty("aliases")[0].GetString()));
        var ids = (made["templateID"]!, again["buildID"]!);
        await Eventually.TrueAsync(async () => (await server.StatusAsync(ids))["status"] == "ready");
        Assert.Equal("root", server.Engine.Commands.Single(command => command.Start.Process!.Args![^1] == "make all").User);
        Assert.Contains("superseded", (await server.StatusAsync((made["templateID"]!, made["buildID"]!))).Json.GetProperty("reason").GetProperty("message").GetString(), StringComparison.Ordinal);
        var sandbox = await server.PostAsync("/sandboxes", """{"templateID":"old"}""");
        Assert.Equal(("user", "/home/user"), (server.Engine.Inits[sandbox["sandboxID"]!].DefaultUser, server.Engine.Inits[sandbox["sandboxID"]!].DefaultWorkdir));
    }

    [Fact]
    public async Task What_is_no_Dockerfile_or_has_none_is_refused()
    {
        await using var server = await MemoryServer.StartAsync();
        var ids = await server.RequestTemplateAsync("mine");

        (await server.PostAsync("/templates", """{"alias":"a"}""")).Fails(400, "dockerfile");
        (await server.PostAsync("/templates", """{"dockerfile":"FROM a\nCOPY . ."}""")).Fails(400, "POST /v3/templates");
        (await server.PostAsync("/templates", """{"dockerfile":"FROM UPPER"}""")).Fails(400, "no image name");
        (await server.PostAsync("/templates/nobody", """{"dockerfile":"FROM a"}""")).Fails(404, "nobody");
        (await server.PostAsync("/templates/base", """{"dockerfile":"FROM a"}""")).Fails(404, "built in");
        (await server.PostAsync($"/templates/{ids.Template}/builds/{ids.Build}")).Fails(400, $"POST /v2/templates/{ids.Template}/builds/{ids.Build}");
        (await server.PostAsync($"/templates/{ids.Template}/builds/x")).Fails(400, "UUID");
        var nameless = await server.PostAsync("/templates", """{"dockerfile":"FROM a"}""");
        Assert.Equal((202, 0), (nameless.Status, nameless.Json.GetProperty("aliases").GetArrayLength()));
        Assert.Equal("renamed", (await server.PostAsync($"/templates/{nameless["templateID"]}", """{"dockerfile":"FROM a","alias":"renamed"}""")).Json.GetProperty("aliases")[0].GetString());
        (await server.PostAsync($"/templates/{nameless["templateID"]}", """{"dockerfile":"FROM a","alias":"mine"}""")).Fails(400, "already taken");
    }

    [Fact]
    public async Task The_second_version_of_the_request_is_the_same_as_the_third()
    {
        await using var server = await MemoryServer.StartAsync();

        var second = await server.PostAsync("/v2/templates", """{"alias":"mine","cpuCount":1,"memoryMB":512}""");
        var third = await server.PostAsync("/v3/templates", """{"alias":"mine"}""");

        Assert.Equal((202, 202, second["templateID"]), (second.Status, third.Status, third["templateID"]));
        Assert.Equal(second.Json.EnumerateObject().Select(member => member.Name), third.Json.EnumerateObject().Select(member => member.Name));
    }

    [Theory]
    [InlineData("GET", "/templates?teamID=TEAM", null, 200)]
    [InlineData("POST", "/v3/templates", """{"alias":"new","teamID":"TEAM"}""", 202)]
    [InlineData("POST", "/v2/templates", """{"alias":"new","teamID":"TEAM"}""", 202)]
    [InlineData("POST", "/templates", """{"dockerfile":"FROM a","teamID":"TEAM"}""", 202)]
    public async Task A_team_that_is_named_is_the_callers_own(string method, string path, string? body, int status)
    {
        await using var server = await MemoryServer.StartAsync();
        var other = await server.NewTeamAsync();

        var own = await other.SendAsync(new HttpMethod(method), In(path, other.TeamId)!, In(body, other.TeamId));
        var foreign = await server.SendAsync(new HttpMethod(method), In(path, other.TeamId)!, In(body, other.TeamId));

        Assert.Equal(status, own.Status);
        foreign.Fails(403, other.TeamId!);
        Assert.Equal(3, (await server.GetAsync("/templates")).Json.GetArrayLength());

        static string? In(string? text, string? team) => text?.Replace("TEAM", team, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/templates/TEMPLATE", null)]
    [InlineData("DELETE", "/templates/TEMPLATE", null)]
    [InlineData("DELETE", "/templates/mine", null)]
    [InlineData("PATCH", "/templates/TEMPLATE", """{"public":true}""")]
    [InlineData("PATCH", "/templates/mine", """{"public":true}""")]
    [InlineData("GET", "/templates/TEMPLATE/files/h1", null)]
    [InlineData("POST", "/templates/TEMPLATE", """{"dockerfile":"FROM a"}""")]
    [InlineData("POST", "/templates/TEMPLATE/builds/BUILD", null)]
    [InlineData("POST", "/v2/templates/TEMPLATE/builds/BUILD", Plan)]
    [InlineData("GET", "/templates/TEMPLATE/builds/BUILD/status", null)]
    [InlineData("GET", "/templates/TEMPLATE/builds/BUILD/logs", null)]
    public async Task A_template_of_another_team_does_not_exist(string method, string path, string? body)
    {
        await using var server = await MemoryServer.StartAsync();
        var other = await server.NewTeamAsync();
        var ids = await server.RequestTemplateAsync("mine");

        var answer = await other.SendAsync(
            new HttpMethod(method), path.Replace("TEMPLATE", ids.Template, StringComparison.Ordinal).Replace("BUILD", ids.Build, StringComparison.Ordinal), body);

        answer.Fails(404, "not found");
        Assert.Equal("waiting", (await server.StatusAsync(ids))["status"]);
        Assert.False((await server.GetAsync($"/templates/{ids.Template}")).Json.GetProperty("public").GetBoolean());
    }

    [Fact]
    public async Task A_published_template_is_used_by_other_teams_and_changed_by_none_of_them()
    {
        await using var server = await MemoryServer.StartAsync();
        var other = await server.NewTeamAsync();
        await server.BuildAsync("mine", Plan);
        (await other.PostAsync("/sandboxes", """{"templateID":"mine"}""")).Fails(404, "mine");
        await server.PatchAsync("/templates/mine", """{"public":true}""");

        Assert.Equal(201, (await other.PostAsync("/sandboxes", """{"templateID":"mine"}""")).Status);
        (await other.DeleteAsync("/templates/mine")).Fails(404, "not found");
        (await other.PostAsync("/v3/templates", """{"alias":"mine"}""")).Fails(400, "already taken");
        Assert.Equal(3, (await other.GetAsync("/templates")).Json.GetArrayLength());
    }

    [Fact]
    public async Task An_access_token_opens_what_the_command_line_needs_and_no_more()
    {
        await using var server = await MemoryServer.StartAsync();
        var user = await UserAsync(server);
        var ids = await server.BuildAsync("mine", Plan);

        foreach (var path in new[] { "/templates", $"/templates/{ids.Template}/builds/{ids.Build}/status", $"/templates/{ids.Template}/builds/{ids.Build}/logs" })
            Assert.Equal(200, (await user.GetAsync(path)).Status);
        Assert.Equal(201, (await user.GetAsync($"/templates/{ids.Template}/files/h1")).Status);
        Assert.Equal(200, (await user.PatchAsync("/templates/mine", """{"public":true}""")).Status);
        Assert.Equal(204, (await user.DeleteAsync("/templates/mine")).Status);
        (await user.PostAsync("/v3/templates", """{"alias":"a"}""")).Fails(401, "X-API-Key");
        (await user.GetAsync($"/templates/{ids.Template}")).Fails(401, "X-API-Key");
    }

    [Fact]
    public async Task The_log_is_read_forward_and_backward_from_a_time_and_from_a_level()
    {
        await using var server = await MemoryServer.StartAsync();
        server.Engine.OnCommand = start =>
        {
            server.Clock.Advance(TimeSpan.FromSeconds(10));
            return Task.FromResult((start.Process!.Args![^1] == "false" ? 1 : 0, start.Process.Args[^1] == "echo" ? "said\n" : ""));
        };
        var ids = await server.BuildAsync("mine", """{"fromImage":"ghcr.io/moru-ai/base","steps":[{"type":"RUN","args":["echo"]},{"type":"RUN","args":["false"]}]}""", "error");

        var all = await LinesAsync("");
        var said = all.Single(line => line.Message.Contains("said", StringComparison.Ordinal));

        Assert.Equal(all.Reverse(), await LinesAsync("?direction=backward"));
        Assert.Equal(all.Take(2), await LinesAsync("?limit=2"));
        Assert.Equal(all.Where(line => line.At >= said.At), await LinesAsync($"?cursor={said.At.ToUnixTimeMilliseconds()}"));
        Assert.Equal(all.Where(line => line.At <= said.At).Reverse(), await LinesAsync($"?direction=backward&cursor={said.At.ToUnixTimeMilliseconds()}"));
        Assert.StartsWith("Build failed: ", Assert.Single(await LinesAsync("?level=error&source=persistent")).Message, StringComparison.Ordinal);
        foreach (var (query, says) in new[] { ("cursor=x", "cursor"), ("direction=up", "direction"), ("limit=101", "limit"), ("level=loud", "level") })
            (await server.GetAsync($"/templates/{ids.Template}/builds/{ids.Build}/logs?{query}")).Fails(400, says);

        async Task<(string Message, DateTimeOffset At)[]> LinesAsync(string query) =>
            [.. (await server.GetAsync($"/templates/{ids.Template}/builds/{ids.Build}/logs{query}")).Json.GetProperty("logs").EnumerateArray()
                .Select(line => (line.GetProperty("message").GetString()!, line.GetProperty("timestamp").GetDateTimeOffset()))];
    }

    private static async Task<Client> UserAsync(MemoryServer server) =>
        server.As("Authorization", "Bearer " + (await server.PostAsync("/access-tokens", """{"name":"cli"}"""))["token"]);
}
