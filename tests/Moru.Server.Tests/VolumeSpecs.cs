namespace Moru.Server.Tests;

public sealed class VolumeSpecs
{
    [Fact]
    public async Task A_new_volume_is_empty_and_its_name_brings_it_back()
    {
        await using var server = await StartAsync();

        var made = await server.PostAsync("/volumes", """{"name":"my-data","unknown":1}""");
        var again = await server.PostAsync("/volumes", """{"name":"my-data"}""");

        Assert.Equal((201, 200), (made.Status, again.Status));
        Assert.Equal(["volumeID", "name", "totalSizeBytes", "totalFileCount", "createdAt", "updatedAt"], made.Json.EnumerateObject().Select(member => member.Name));
        Assert.Matches("^vol_[a-z0-9]{20}$", made["volumeID"]);
        Assert.Equal(("my-data", 0, 0), (made["name"]!, made.Json.GetProperty("totalSizeBytes").GetInt64(), made.Json.GetProperty("totalFileCount").GetInt64()));
        Assert.Equal(made.Text, again.Text);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("a0")]
    [InlineData("a--b")]
    [InlineData("vol-x")]
    [InlineData("a23456789012345678901234567890123456789012345678901234567890123")]
    public async Task A_name_of_letters_digits_and_dashes_is_allowed_and_finds_its_volume(string name)
    {
        await using var server = await StartAsync();

        var made = await server.PostAsync("/volumes", $$"""{"name":"{{name}}"}""");

        Assert.Equal(201, made.Status);
        Assert.Equal(made.Text, (await server.GetAsync($"/volumes/{name}")).Text);
    }

    [Fact]
    public async Task Other_names_are_refused()
    {
        await using var server = await StartAsync();
        string[] names = ["", "A", "aB", "a_b", "a.b", "a b", "1a", "-a", "a-", "a\\n", "ä", "vol_x", "a234567890123456789012345678901234567890123456789012345678901234", "../x"];

        foreach (var name in names) (await server.PostAsync("/volumes", $$"""{"name":"{{name}}"}""")).Fails(400, "no name of a volume");
        foreach (var body in new[] { "{}", """{"name":null}""", """{"name":1}""", "[]", "{" }) (await server.PostAsync("/volumes", body)).Fails(400, "validation error");
        Assert.Equal("[]", (await server.GetAsync("/volumes")).Text);
    }

    [Fact]
    public async Task A_volume_is_found_and_deleted_by_id_and_by_name()
    {
        await using var server = await StartAsync();
        var id = await MakeAsync(server, "one");

        Assert.Equal(id, (await server.GetAsync("/volumes/one"))["volumeID"]);
        Assert.Equal(id, (await server.GetAsync($"/volumes/{id}"))["volumeID"]);
        Assert.Equal(id, (await server.GetAsync($"/volumes/{id.Replace('_', '-')}"))["volumeID"]);
        Assert.Equal(204, (await server.DeleteAsync("/volumes/one")).Status);
        (await server.GetAsync($"/volumes/{id}")).Fails(404, $"Volume not found: '{id}'");
        (await server.DeleteAsync($"/volumes/{id}")).Fails(404, "Volume not found");
        Assert.NotEqual(id, await MakeAsync(server, "one"));
    }

    [Fact]
    public async Task The_list_comes_in_pages_the_newest_first()
    {
        await using var server = await StartAsync();
        var made = new List<string>();
        for (var i = 0; i < 7; i++)
        {
            // Some of the same moment.
            if (i % 3 == 0) server.Clock.Advance(TimeSpan.FromSeconds(1));
            made.Add(await MakeAsync(server, $"v{i}"));
        }

        var seen = new List<(DateTimeOffset At, string Id)>();
        for (string? token = ""; token is not null;)
        {
            var page = await server.GetAsync($"/volumes?limit=3&nextToken={Uri.EscapeDataString(token)}");
            seen.AddRange(page.Json.EnumerateArray().Select(volume => (volume.GetProperty("createdAt").GetDateTimeOffset(), volume.GetProperty("volumeID").GetString()!)));
            token = page.Headers.GetValueOrDefault("X-Next-Token");
        }

        Assert.Equal(seen.OrderByDescending(volume => volume.At).ThenBy(volume => volume.Id, StringComparer.Ordinal), seen);
        Assert.Equal(made.Order(), seen.Select(volume => volume.Id).Order());
        (await server.GetAsync("/volumes?limit=0")).Fails(400, "limit");
        (await server.GetAsync("/volumes?limit=101")).Fails(400, "limit");
        (await server.GetAsync("/volumes?nextToken=%21")).Fails(400, "Invalid next token");
    }

    [Fact]
    public async Task Fifty_creates_of_one_name_make_one_volume()
    {
        await using var server = await StartAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => server.PostAsync("/volumes", """{"name":"same"}""")));

        Assert.Single(answers, answer => answer.Status == 201);
        Assert.Equal(49, answers.Count(answer => answer.Status == 200));
        Assert.Single(answers.Select(answer => answer["volumeID"]).Distinct());
        Assert.Equal(1, (await server.GetAsync("/volumes")).Json.GetArrayLength());
    }

    [Fact]
    public async Task More_volumes_than_the_maximum_are_refused_and_the_name_of_one_is_not()
    {
        await using var server = await StartAsync(options => options with { MaxVolumes = 1 });
        await MakeAsync(server, "one");

        (await server.PostAsync("/volumes", """{"name":"two"}""")).Fails(429, "1 volumes");
        Assert.Equal(200, (await server.PostAsync("/volumes", """{"name":"one"}""")).Status);
    }

    [Theory]
    [InlineData("GET", "/volumes")]
    [InlineData("POST", "/volumes")]
    [InlineData("GET", "/volumes/x")]
    [InlineData("DELETE", "/volumes/x")]
    [InlineData("GET", "/volumes/x/files")]
    [InlineData("DELETE", "/volumes/x/files?path=/x")]
    [InlineData("PUT", "/volumes/x/files/upload?path=/x")]
    [InlineData("GET", "/volumes/x/files/download?path=/x")]
    public async Task Every_endpoint_demands_a_key_the_two_that_an_official_client_forgets_it_on_too(string method, string path)
    {
        await using var server = await StartAsync();
        server.Http.DefaultRequestHeaders.Remove("X-API-Key");

        (await server.SendAsync(new HttpMethod(method), path, null)).Fails(401, "authorization header is missing");
    }

    [Fact]
    public async Task A_sandbox_gets_the_volume_where_it_was_asked_for_and_is_told()
    {
        await using var server = await StartAsync();
        var id = await MakeAsync(server, "data");

        var sandbox = await server.CreateAsync($"\"volumeId\":\"{id}\",\"volumeMountPath\":\"/workspace\"");

        var mounted = Assert.Single(server.Engine.Specs).Volume!;
        var env = server.Engine.Inits[sandbox].EnvVars!;
        Assert.Equal("/workspace", mounted.Target);
        Assert.True(Directory.Exists(mounted.HostPath));
        Assert.Equal((id, "/workspace"), (env["MORU_VOLUME_ID"], env["MORU_VOLUME_MOUNT_PATH"]));
    }

    [Fact]
    public async Task A_sandbox_names_a_volume_by_its_id_alone()
    {
        await using var server = await StartAsync();
        await MakeAsync(server, "data");

        (await server.PostAsync("/sandboxes", """{"templateID":"base","volumeId":"data","volumeMountPath":"/workspace"}""")).Fails(404, "Volume not found");
        Assert.Empty(server.Engine.SandboxIds);
    }

    internal static Task<MemoryServer> StartAsync(Func<Moru.Runtime.RuntimeOptions, Moru.Runtime.RuntimeOptions>? configure = null) =>
        MemoryServer.StartAsync(options => (configure ?? (same => same))(options with { VolumeImages = false }));

    internal static async Task<string> MakeAsync(MemoryServer server, string name)
    {
        var answer = await server.PostAsync("/volumes", $$"""{"name":"{{name}}"}""");
        Assert.Equal(201, answer.Status);
        return answer["volumeID"]!;
    }
}
