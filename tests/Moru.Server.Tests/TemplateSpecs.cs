using System.Text.Json;
using Moru.Runtime;

namespace Moru.Server.Tests;

public sealed class TemplateSpecs
{
    private const string UnknownBuild = "11111111-2222-4333-8444-555555555555";

    [Fact]
    public async Task Built_in_templates_are_listed_like_any_other()
    {
        await using var server = await MemoryServer.StartAsync();

        var listed = await server.GetAsync("/templates");

        Assert.Equal(["base", "python", "node"], listed.Json.EnumerateArray().Select(template => template.GetProperty("templateID").GetString()));
        var first = listed.Json[0];
        foreach (var member in (string[])["buildID", "cpuCount", "memoryMB", "diskSizeMB", "public", "aliases", "createdAt", "updatedAt", "createdBy", "lastSpawnedAt", "spawnCount", "buildCount", "envdVersion", "buildStatus"])
            Assert.True(first.TryGetProperty(member, out _), member);
        Assert.Equal("ready", first.GetProperty("buildStatus").GetString());
    }

    [Fact]
    public async Task A_built_in_template_without_an_image_says_how_to_get_one()
    {
        await using var server = await MemoryServer.StartAsync();

        (await server.PostAsync("/sandboxes", """{"templateID":"python"}""")).Fails(503, "'python' has no image");
    }

    [Theory]
    [InlineData("""{"alias":"With space"}""", 400, "Invalid alias")]
    [InlineData("""{"alias":""}""", 400, "Invalid alias")]
    [InlineData("""{"alias":"base"}""", 400, "Alias 'base' is already taken")]
    [InlineData("""{}""", 400, "alias")]
    [InlineData("""{"alias":"a","cpuCount":0}""", 400, "at least 1")]
    [InlineData("""{"alias":"a","cpuCount":9}""", 400, "maximum of 8")]
    [InlineData("""{"alias":"a","memoryMB":127}""", 400, "at least 128")]
    [InlineData("""{"alias":"a","memoryMB":129}""", 400, "even")]
    [InlineData("""{"alias":"a","memoryMB":8194}""", 400, "maximum of 8192")]
    public async Task A_template_that_may_not_be_is_refused(string body, int status, string says)
    {
        await using var server = await MemoryServer.StartAsync();

        (await server.PostAsync("/v3/templates", body)).Fails(status, says);
    }

    [Fact]
    public async Task A_second_request_of_the_name_is_another_build_of_the_template()
    {
        await using var server = await MemoryServer.StartAsync();

        var first = await server.RequestTemplateAsync("Mine");
        var second = await server.RequestTemplateAsync("mine");

        Assert.Equal(first.Template, second.Template);
        Assert.NotEqual(first.Build, second.Build);
        var superseded = await server.StatusAsync(first);
        Assert.Equal("error", superseded["status"]);
        Assert.Contains("superseded", superseded.Json.GetProperty("reason").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_id_of_a_template_is_no_alias_for_another()
    {
        await using var server = await MemoryServer.StartAsync();
        var (template, _) = await server.RequestTemplateAsync("mine");

        (await server.PostAsync("/v3/templates", $$"""{"alias":"{{template}}"}""")).Fails(409, "is the id of a template");
    }

    [Fact]
    public async Task A_build_becomes_a_template_that_sandboxes_are_made_from()
    {
        await using var server = await MemoryServer.StartAsync();

        var ids = await server.BuildAsync("mine", """{"fromImage":"ghcr.io/moru-ai/base","steps":[{"type":"WORKDIR","args":["/app"]},{"type":"env","args":["A","b","C","d e"]},{"type":"ARG","args":["X","y"]},{"type":"RUN","args":["echo hi"]},{"type":"USER","args":["agent"]}]}""");
        var created = await server.PostAsync("/sandboxes", """{"templateID":"mine","envVars":{"C":"mine"}}""");

        Assert.Equal(201, created.Status);
        Assert.Equal((ids.Template, "mine"), (created["templateID"], created["alias"]));
        var init = server.Engine.Inits[created["sandboxID"]!];
        Assert.Equal(("agent", "/app", "b", "mine"), (init.DefaultUser, init.DefaultWorkdir, init.EnvVars!["A"], init.EnvVars["C"]));
        Assert.DoesNotContain("X", init.EnvVars.Keys);
        var run = Assert.Single(server.Engine.Commands, command => command.Start.Process!.Args![^1] == "echo hi");
        Assert.Equal(("user", "/app", "b", "y"), (run.User, run.Start.Process!.Cwd, run.Start.Process.Envs!["A"], run.Start.Process.Envs["X"]));
    }

    [Fact]
    public async Task The_log_is_what_official_clients_show()
    {
        await using var server = await MemoryServer.StartAsync();
        server.Engine.OnCommand = start => Task.FromResult((0, start.Process!.Args![^1] == "make" ? "one\ntwo\n" : ""));

        var ids = await server.BuildAsync("mine", """{"fromImage":"ghcr.io/moru-ai/base","steps":[{"type":"RUN","args":["make"]}],"startCmd":"serve","readyCmd":"check"}""");

        var lines = (await server.StatusAsync(ids)).Json.GetProperty("logs").EnumerateArray().Select(line => line.GetString()!).ToList();
        Assert.Collection(
            lines,
            line => Assert.Equal($"Building template {ids.Template}/{ids.Build}", line),
            line => Assert.Matches(@"^\[base\] FROM ghcr.io/moru-ai/base \[[0-9a-f]+\]$", line),
            line => Assert.Matches(@"^\[builder 1/1\] RUN make \[[0-9a-f]+\]$", line),
            line => Assert.Equal("[builder 1/1] [stdout]: one", line),
            line => Assert.Equal("[builder 1/1] [stdout]: two", line),
            line => Assert.Equal("Running start command: serve", line),
            line => Assert.Equal("Waiting for template to be ready: check", line),
            line => Assert.Equal("Template is ready", line),
            line => Assert.Matches("^Build finished, took [0-9]+s$", line));
    }

    [Fact]
    public async Task The_log_comes_in_pages_and_the_end_is_told_after_the_last_line()
    {
        await using var server = await MemoryServer.StartAsync();
        server.Engine.OnCommand = start => Task.FromResult((0, start.Process!.Args![^1] == "chat" ? string.Concat(Enumerable.Repeat("line\n", 150)) : ""));
        var ids = await server.BuildAsync("mine", """{"fromImage":"ghcr.io/moru-ai/base","steps":[{"type":"RUN","args":["chat"]}]}""");

        var first = await server.StatusAsync(ids);
        var second = await server.StatusAsync(ids, "?logsOffset=100");
        var errors = await server.StatusAsync(ids, "?level=error");

        Assert.Equal(("building", 100), (first["status"], first.Json.GetProperty("logEntries").GetArrayLength()));
        Assert.Equal("ready", second["status"]);
        Assert.Equal(0, errors.Json.GetProperty("logEntries").GetArrayLength());
        (await server.StatusAsync(ids, "?logsOffset=-1")).Fails(400, "logsOffset");
        (await server.StatusAsync(ids, "?limit=101")).Fails(400, "limit");
        (await server.StatusAsync(ids, "?level=loud")).Fails(400, "level");
    }

    [Fact]
    public async Task A_failing_step_is_named_with_what_it_said()
    {
        await using var server = await MemoryServer.StartAsync();
        server.Engine.OnCommand = start => Task.FromResult((start.Process!.Args![^1] == "false" ? 3 : 0, ""));

        var ids = await server.BuildAsync("mine", """{"fromImage":"ghcr.io/moru-ai/base","steps":[{"type":"RUN","args":["true"]},{"type":"RUN","args":["false"]}]}""", "error");

        var reason = (await server.StatusAsync(ids)).Json.GetProperty("reason");
        Assert.Equal(("2", "failed to run command 'false': exit status 3"), (reason.GetProperty("step").GetString(), reason.GetProperty("message").GetString()));
        Assert.StartsWith("Build failed: ", reason.GetProperty("logEntries")[0].GetProperty("message").GetString(), StringComparison.Ordinal);
        (await server.PostAsync("/sandboxes", """{"templateID":"mine"}""")).Fails(404, "no successful build");
    }

    [Theory]
    [InlineData("""{"type":"FLY","args":[]}""", "unknown step type 'FLY'")]
    [InlineData("""{"type":"RUN","args":[]}""", "RUN needs a command")]
    [InlineData("""{"type":"COPY","args":["a","b"],"filesHash":"none"}""", "needs its files to be uploaded first")]
    [InlineData("""{"type":"COPY","args":["a","b","","rwx"],"filesHash":"none"}""", "not octal")]
    [InlineData("""{"type":"ENV","args":["A"]}""", "pairs")]
    [InlineData("""{"type":"ENV","args":["A-B","c"]}""", "'A-B' is no name of a variable")]
    [InlineData("""{"type":"USER","args":["../x"]}""", "no user name")]
    public async Task A_step_that_makes_no_sense_fails_the_build(string step, string says)
    {
        await using var server = await MemoryServer.StartAsync();

        var ids = await server.BuildAsync("mine", $$"""{"fromImage":"ghcr.io/moru-ai/base","steps":[{{step}}]}""", "error");

        Assert.Contains(says, (await server.StatusAsync(ids)).Json.GetProperty("reason").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{}""", "either fromImage or fromTemplate")]
    [InlineData("""{"fromImage":"a","fromTemplate":"b"}""", "either fromImage or fromTemplate")]
    [InlineData("""{"fromImage":"UPPER/case:x y"}""", "no image name")]
    [InlineData("""{"fromImage":"moru-template/image:x"}""", "server's own")]
    [InlineData("""{"fromTemplate":"b","fromImageRegistry":{"type":"registry","username":"u","password":"p"}}""", "needs fromImage")]
    [InlineData("""{"fromImage":"a","fromImageRegistry":{"type":"registry","username":"u"}}""", "username and password")]
    [InlineData("""{"fromImage":"a","fromImageRegistry":{"type":"aws"}}""", "awsRegion")]
    [InlineData("""{"fromImage":"a","fromImageRegistry":{"type":"gcp"}}""", "serviceAccountJson")]
    [InlineData("""{"fromImage":"a","fromImageRegistry":{"type":"ftp"}}""", "registry, aws or gcp")]
    public async Task A_build_that_cannot_begin_is_refused_and_goes_on_waiting(string body, string says)
    {
        await using var server = await MemoryServer.StartAsync();
        var ids = await server.RequestTemplateAsync("mine");

        (await server.PostAsync($"/v2/templates/{ids.Template}/builds/{ids.Build}", body)).Fails(400, says);

        Assert.Equal("waiting", (await server.StatusAsync(ids))["status"]);
    }

    [Fact]
    public async Task A_build_starts_once()
    {
        await using var server = await MemoryServer.StartAsync();
        var ids = await server.BuildAsync("mine", """{"fromImage":"ghcr.io/moru-ai/base"}""");

        (await server.PostAsync($"/v2/templates/{ids.Template}/builds/{ids.Build}", """{"fromImage":"ghcr.io/moru-ai/base"}""")).Fails(400, "build is not in waiting state");
    }

    [Fact]
    public async Task Unknown_builds_and_malformed_ids_are_told_apart()
    {
        await using var server = await MemoryServer.StartAsync();
        var ids = await server.RequestTemplateAsync("mine");

        (await server.GetAsync($"/templates/{ids.Template}/builds/{UnknownBuild}/status")).Fails(404, UnknownBuild);
        (await server.GetAsync($"/templates/{ids.Template}/builds/x/status")).Fails(400, "UUID");
        (await server.GetAsync($"/templates/base/builds/{ids.Build}/logs")).Fails(404, ids.Build);
        (await server.PostAsync($"/v2/templates/{ids.Template}/builds/{UnknownBuild}", """{"fromImage":"a"}""")).Fails(404, UnknownBuild);
        (await server.PostAsync($"/v2/templates/{ids.Template}/builds/x", """{"fromImage":"a"}""")).Fails(400, "UUID");
    }

    [Fact]
    public async Task A_build_that_nobody_starts_fails_after_forty_minutes()
    {
        await using var server = await MemoryServer.StartAsync();
        var ids = await server.RequestTemplateAsync("mine");

        server.Clock.Advance(TimeSpan.FromMinutes(41));

        Assert.Equal("error", (await server.StatusAsync(ids))["status"]);
    }

    [Fact]
    public async Task A_team_has_a_limited_number_of_builds()
    {
        await using var server = await MemoryServer.StartAsync(options => options with { Limits = new TeamLimits { Builds = 2 } });
        await server.RequestTemplateAsync("one");
        await server.RequestTemplateAsync("two");

        (await server.PostAsync("/v3/templates", """{"alias":"three"}""")).Fails(429, "2 builds");

        await server.RequestTemplateAsync("two");
    }

    [Fact]
    public async Task A_newer_build_cancels_the_one_that_runs_and_leaves_no_container()
    {
        await using var server = await MemoryServer.StartAsync();
        server.Engine.OnCommand = async start =>
        {
            if (start.Process!.Args![^1] == "for ever") await Task.Delay(Timeout.Infinite, MemoryServer.Cancel);
            return (0, "");
        };
        var first = await server.StartBuildAsync("mine", """{"fromImage":"ghcr.io/moru-ai/base","steps":[{"type":"RUN","args":["for ever"]}]}""");
        await Eventually.TrueAsync(() => server.Engine.Commands.Any(command => command.Start.Process!.Args![^1] == "for ever"));
        Assert.Equal("building", (await server.StatusAsync(first))["status"]);

        await server.BuildAsync("mine", """{"fromImage":"ghcr.io/moru-ai/base"}""");

        await Eventually.TrueAsync(async () => (await server.StatusAsync(first))["status"] == "error");
        Assert.Contains("cancelled", (await server.StatusAsync(first)).Json.GetProperty("reason").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Empty(server.Engine.SandboxIds);
    }

    [Fact]
    public async Task What_was_built_before_is_reused_until_something_differs()
    {
        await using var server = await MemoryServer.StartAsync();
        const string Steps = """[{"type":"RUN","args":["one"]},{"type":"ENV","args":["A","$B"]},{"type":"RUN","args":["two"]}]""";
        await server.BuildAsync("mine", $$"""{"fromImage":"ghcr.io/moru-ai/base","steps":{{Steps}}}""");

        var same = await server.CachedStepsAsync("mine", $$"""{"fromImage":"ghcr.io/moru-ai/base","steps":{{Steps}}}""");
        var changed = await server.CachedStepsAsync("other", $$"""{"fromImage":"ghcr.io/moru-ai/base","steps":{{Steps.Replace("two", "three", StringComparison.Ordinal)}}}""");
        var forced = await server.CachedStepsAsync("mine", $$"""{"fromImage":"ghcr.io/moru-ai/base","force":true,"steps":{{Steps}}}""");
        var forcedStep = await server.CachedStepsAsync("mine", $$"""{"fromImage":"ghcr.io/moru-ai/base","steps":{{Steps.Replace("[\"one\"]", "[\"one\"],\"force\":true", StringComparison.Ordinal)}}}""");

        Assert.Equal(["base", "builder 1/3", "builder 2/3", "builder 3/3"], same);
        Assert.Equal(["base", "builder 1/3", "builder 2/3"], changed);
        Assert.Empty(forced);
        Assert.Equal(["base"], forcedStep);
    }

    [Fact]
    public async Task A_template_inherits_from_another()
    {
        await using var server = await MemoryServer.StartAsync();
        await server.BuildAsync("parent", """{"fromImage":"ghcr.io/moru-ai/base","steps":[{"type":"ENV","args":["A","b"]},{"type":"WORKDIR","args":["/app"]},{"type":"USER","args":["agent"]}],"startCmd":"serve","readyCmd":"check"}""");

        await server.BuildAsync("child", """{"fromTemplate":"parent","steps":[{"type":"WORKDIR","args":["sub"]}]}""");
        var id = (await server.PostAsync("/sandboxes", """{"templateID":"child"}"""))["sandboxID"]!;

        var init = server.Engine.Inits[id];
        Assert.Equal(("agent", "/app/sub", "b"), (init.DefaultUser, init.DefaultWorkdir, init.EnvVars!["A"]));
        Assert.Equal("agent", server.Engine.Commands.Last(command => command.Start.Process!.Args![^1] == "serve").User);
        var orphan = await server.StatusAsync(await server.BuildAsync("orphan", """{"fromTemplate":"nobody"}""", "error"));
        Assert.Equal("base", orphan.Json.GetProperty("reason").GetProperty("step").GetString());
    }

    [Fact]
    public async Task A_template_that_is_built_in_hands_on_what_its_image_sets()
    {
        await using var server = await MemoryServer.StartAsync();

        await server.BuildAsync("child", """{"fromTemplate":"base","steps":[{"type":"RUN","args":["look"]}]}""");

        var run = Assert.Single(server.Engine.Commands, command => command.Start.Process!.Args![^1] == "look");
        Assert.Equal("moru/base:latest", run.Start.Process!.Envs!["FROM_IMAGE"]);
    }

    [Fact]
    public async Task An_image_that_no_registry_has_is_answered_with_the_templates_that_there_are()
    {
        await using var server = await MemoryServer.StartAsync();
        await server.BuildAsync("mine", """{"fromImage":"ghcr.io/moru-ai/base"}""");

        var failed = await server.StatusAsync(await server.BuildAsync("other", """{"fromImage":"mine"}""", "error"));

        var reason = failed.Json.GetProperty("reason").GetProperty("message").GetString();
        Assert.StartsWith("failed to pull image 'mine:latest': ", reason, StringComparison.Ordinal);
        Assert.EndsWith("; templates to start from instead: base, python, node, mine", reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_private_image_needs_its_login_from_every_template_but_not_twice_from_a_team()
    {
        await using var server = await MemoryServer.StartAsync();
        server.Engine.Registry["registry.test/app:latest"] = new RegistryLogin("me", "secret");

        var without = await server.BuildAsync("a", """{"fromImage":"registry.test/app"}""", "error");
        var wrong = await server.BuildAsync("b", """{"fromImage":"registry.test/app","fromImageRegistry":{"type":"registry","username":"me","password":"no"}}""", "error");
        await server.BuildAsync("c", """{"fromImage":"registry.test/app","fromImageRegistry":{"type":"registry","username":"me","password":"secret"}}""");

        foreach (var failed in new[] { without, wrong })
        {
            var reason = (await server.StatusAsync(failed)).Json.GetProperty("reason");
            Assert.Equal("base", reason.GetProperty("step").GetString());
            Assert.Contains("failed to pull image 'registry.test/app:latest'", reason.GetProperty("message").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_template_is_published_and_closed_again()
    {
        await using var server = await MemoryServer.StartAsync();
        var ids = await server.RequestTemplateAsync("mine");

        Assert.Equal(200, (await server.SendAsync(HttpMethod.Patch, "/templates/mine", """{"public":true}""")).Status);
        Assert.True((await server.GetAsync($"/templates/{ids.Template}")).Json.GetProperty("public").GetBoolean());
        Assert.Equal(200, (await server.SendAsync(HttpMethod.Patch, $"/templates/{ids.Template}", "{}")).Status);
        Assert.True((await server.GetAsync($"/templates/{ids.Template}")).Json.GetProperty("public").GetBoolean());

        (await server.SendAsync(HttpMethod.Patch, "/templates/nobody", "{}")).Fails(404, "nobody");
        (await server.SendAsync(HttpMethod.Patch, "/templates/base", """{"public":false}""")).Fails(404, "built in");
    }

    [Fact]
    public async Task A_template_is_shown_with_its_builds_in_pages()
    {
        await using var server = await MemoryServer.StartAsync();
        var builds = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            builds.Insert(0, (await server.RequestTemplateAsync("mine")).Build);
            server.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        var ids = await server.RequestTemplateAsync("mine");
        builds.Insert(0, ids.Build);

        var first = await server.GetAsync($"/templates/{ids.Template}?limit=4");
        var second = await server.GetAsync($"/templates/{ids.Template}?limit=4&nextToken={first.Headers["X-Next-Token"]}");

        Assert.Equal(builds, Ids(first).Concat(Ids(second)));
        Assert.DoesNotContain("X-Next-Token", second.Headers.Keys);
        (await server.GetAsync("/templates/mine")).Fails(404, "not its alias");

        static IEnumerable<string> Ids(Answer answer) => answer.Json.GetProperty("builds").EnumerateArray().Select(build => build.GetProperty("buildID").GetString()!);
    }

    [Fact]
    public async Task A_template_is_deleted_with_its_image_but_not_under_paused_sandboxes()
    {
        await using var server = await MemoryServer.StartAsync();
        var ids = await server.BuildAsync("mine", """{"fromImage":"ghcr.io/moru-ai/base"}""");
        var id = (await server.PostAsync("/sandboxes", """{"templateID":"mine","timeout":300}"""))["sandboxID"];
        await server.PostAsync($"/sandboxes/{id}/pause");

        (await server.DeleteAsync("/templates/mine")).Fails(400, "paused sandboxes");
        await server.DeleteAsync($"/sandboxes/{id}");
        Assert.Equal(204, (await server.DeleteAsync($"/templates/{ids.Template}")).Status);

        (await server.DeleteAsync("/templates/mine")).Fails(404, "mine");
        (await server.DeleteAsync("/templates/base")).Fails(404, "built in");
        (await server.PostAsync("/sandboxes", """{"templateID":"mine"}""")).Fails(404, "mine");
        await Eventually.TrueAsync(() => !server.Engine.Images.Any(image => image.Contains("/image:", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Sandboxes_made_from_a_template_are_counted()
    {
        await using var server = await MemoryServer.StartAsync();

        await server.CreateAsync();
        await server.CreateAsync();

        var listed = (await server.GetAsync("/templates")).Json[0];
        Assert.Equal(2, listed.GetProperty("spawnCount").GetInt32());
        Assert.Equal(JsonValueKind.String, listed.GetProperty("lastSpawnedAt").ValueKind);
    }
}
