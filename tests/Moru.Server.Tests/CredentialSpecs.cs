namespace Moru.Server.Tests;

public sealed class CredentialSpecs
{
    [Fact]
    public async Task A_key_is_shown_once_and_works_until_it_is_deleted()
    {
        await using var server = await MemoryServer.StartAsync();

        var created = await server.PostAsync("/api-keys", """{"name":"ci"}""");
        var key = created["key"]!;
        Assert.Equal(201, created.Status);
        Assert.Matches("^moru_[0-9a-f]{40}$", key);
        Assert.Equal("no-store", created.Headers["Cache-Control"]);
        Assert.Equal(200, (await server.As("X-API-Key", key).GetAsync("/sandboxes")).Status);

        var listed = (await server.GetAsync("/api-keys")).Json.EnumerateArray().Single(item => item.GetProperty("id").GetString() == created["id"]);
        var mask = listed.GetProperty("mask");
        Assert.Equal(["id", "name", "mask", "createdAt", "lastUsed"], listed.EnumerateObject().Select(member => member.Name));
        Assert.Equal(("moru_", 40, key[5..7], key[^4..]), (mask.GetProperty("prefix").GetString(), mask.GetProperty("valueLength").GetInt32(),
            mask.GetProperty("maskedValuePrefix").GetString(), mask.GetProperty("maskedValueSuffix").GetString()));
        Assert.Equal(server.Clock.GetUtcNow(), listed.GetProperty("lastUsed").GetDateTimeOffset());

        Assert.Equal(204, (await server.DeleteAsync($"/api-keys/{created["id"]}")).Status);
        (await server.As("X-API-Key", key).GetAsync("/sandboxes")).Fails(401, "invalid");
        (await server.DeleteAsync($"/api-keys/{created["id"]}")).Fails(404, created["id"]!);
    }

    [Fact]
    public async Task A_key_can_be_renamed()
    {
        await using var server = await MemoryServer.StartAsync();
        var id = (await server.PostAsync("/api-keys", """{"name":"ci"}"""))["id"];

        Assert.Equal(200, (await server.PatchAsync($"/api-keys/{id}", """{"name":"cd"}""")).Status);

        Assert.Contains("cd", (await server.GetAsync("/api-keys")).Json.EnumerateArray().Select(item => item.GetProperty("name").GetString()));
    }

    [Theory]
    [InlineData("POST", "/api-keys", "{}", 400, "name")]
    [InlineData("POST", "/api-keys", """{"name":""}""", 400, "name")]
    [InlineData("POST", "/api-keys", """{"name":null}""", 400, "name")]
    [InlineData("POST", "/access-tokens", """{"name":5}""", 400, "name")]
    [InlineData("PATCH", "/api-keys/7", """{"name":"x"}""", 400, "UUID")]
    [InlineData("DELETE", "/api-keys/7", null, 400, "UUID")]
    [InlineData("DELETE", "/access-tokens/7", null, 400, "UUID")]
    [InlineData("PATCH", "/api-keys/11111111-2222-3333-4444-555555555555", """{"name":"x"}""", 404, "11111111")]
    [InlineData("DELETE", "/api-keys/11111111-2222-3333-4444-555555555555", null, 404, "11111111")]
    [InlineData("DELETE", "/access-tokens/11111111-2222-3333-4444-555555555555", null, 404, "11111111")]
    public async Task What_makes_no_sense_is_refused(string method, string path, string? body, int status, string says)
    {
        await using var server = await MemoryServer.StartAsync();

        (await server.SendAsync(new HttpMethod(method), path, body)).Fails(status, says);
    }

    [Fact]
    public async Task Keys_of_another_team_do_not_exist()
    {
        await using var server = await MemoryServer.StartAsync();
        var other = await server.NewTeamAsync();
        var key = (await server.GetAsync("/api-keys")).Json[0].GetProperty("id").GetString();
        var token = (await server.PostAsync("/access-tokens", """{"name":"laptop"}"""))["id"];

        (await other.PatchAsync($"/api-keys/{key}", """{"name":"mine now"}""")).Fails(404, key!);
        (await other.DeleteAsync($"/api-keys/{key}")).Fails(404, key!);
        (await other.DeleteAsync($"/access-tokens/{token}")).Fails(404, token!);
        Assert.Single((await other.GetAsync("/api-keys")).Json.EnumerateArray());
        Assert.Empty((await other.GetAsync("/access-tokens")).Json.EnumerateArray());
    }

    [Fact]
    public async Task The_administrator_manages_the_keys_of_any_team()
    {
        await using var server = await MemoryServer.StartAsync();
        var other = await server.NewTeamAsync();

        var key = (await server.Admin.PostAsync($"/api-keys?teamID={other.TeamId}", """{"name":"second"}"""))["key"]!;

        Assert.Equal(other.TeamId, (await server.As("X-API-Key", key).GetAsync("/teams")).Json[0].GetProperty("teamID").GetString());
        Assert.Equal(2, (await server.Admin.GetAsync($"/api-keys?teamID={other.TeamId}")).Json.GetArrayLength());
        Assert.Equal(1, (await server.Admin.GetAsync("/api-keys")).Json.GetArrayLength());
        (await server.Admin.GetAsync("/api-keys?teamID=none")).Fails(404, "none");
    }

    [Fact]
    public async Task An_access_token_finds_its_team_and_makes_one_key_however_often_it_asks()
    {
        await using var server = await MemoryServer.StartAsync();
        var made = await server.PostAsync("/access-tokens", """{"name":"laptop"}""");
        var laptop = server.As("Authorization", "Bearer " + made["token"]);
        Assert.Equal(201, made.Status);
        Assert.Matches("^sk_moru_[0-9a-f]{40}$", made["token"]);

        var team = Assert.Single((await laptop.GetAsync("/teams")).Json.EnumerateArray());
        var again = Assert.Single((await laptop.GetAsync("/teams")).Json.EnumerateArray());

        Assert.Equal(["teamID", "name", "apiKey", "isDefault"], team.EnumerateObject().Select(member => member.Name));
        Assert.Equal(team.ToString(), again.ToString());
        var key = team.GetProperty("apiKey").GetString();
        Assert.Equal(200, (await server.As("X-API-Key", key).GetAsync("/sandboxes")).Status);
        Assert.Equal(2, (await server.GetAsync("/api-keys")).Json.GetArrayLength());
        (await laptop.GetAsync("/sandboxes")).Fails(401, "X-API-Key");
        (await laptop.GetAsync("/api-keys")).Fails(401, "X-API-Key");

        Assert.Equal(204, (await server.DeleteAsync($"/access-tokens/{made["id"]}")).Status);
        (await laptop.GetAsync("/teams")).Fails(401, "invalid access token");
        (await server.As("X-API-Key", key).GetAsync("/sandboxes")).Fails(401, "invalid API key");
    }

    [Fact]
    public async Task A_key_finds_its_team_and_itself()
    {
        await using var server = await MemoryServer.StartAsync();

        var team = Assert.Single((await server.GetAsync("/teams")).Json.EnumerateArray());

        Assert.Equal(("default", server.ApiKey, true), (team.GetProperty("name").GetString(), team.GetProperty("apiKey").GetString(), team.GetProperty("isDefault").GetBoolean()));
        Assert.Single((await server.GetAsync("/api-keys")).Json.EnumerateArray());
    }
}
