using System.Net;
using System.Text.Json;
using Moru.Protocol;

namespace Moru.Envd.Tests;

public sealed class InitSpecs : IAsyncLifetime
{
    private readonly LoopbackEnvd _envd = new();

    public ValueTask InitializeAsync() => _envd.InitializeAsync();

    public ValueTask DisposeAsync() => _envd.DisposeAsync();

    [Fact]
    public async Task Health_is_open_and_never_stored()
    {
        await InitAsync(new InitRequest { AccessToken = "secret" });

        using var response = await _envd.GetAsync("health");

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.True(response.Headers.CacheControl?.NoStore);
    }

    [Fact]
    public async Task Variables_reach_every_process_and_a_call_may_override_them()
    {
        await InitAsync(new InitRequest { EnvVars = new Dictionary<string, string> { ["COLOUR"] = "red", ["SHAPE"] = "round" } });

        var plain = await _envd.ShAsync("echo $COLOUR $SHAPE");
        var start = Commands.Bash("echo $COLOUR $SHAPE");
        var changed = await _envd.RunAsync(start with { Process = start.Process! with { Envs = new Dictionary<string, string> { ["COLOUR"] = "blue" } } });

        Assert.Equal("red round\n", plain.Stdout);
        Assert.Equal("blue round\n", changed.Stdout);
        Assert.Equal("""{"COLOUR":"red","SHAPE":"round"}""", await _envd.GetTextAsync("envs"));
    }

    [Fact]
    public async Task A_process_sees_nothing_of_envds_own_environment()
    {
        var result = await _envd.ShAsync("env | grep -c SECRET_OF_ENVD");

        Assert.Equal("0\n", result.Stdout);
    }

    [Fact]
    public async Task Once_a_token_is_set_every_call_needs_it()
    {
        await InitAsync(new InitRequest { AccessToken = "secret" });

        var (missing, body) = await _envd.PostJsonAsync("process.Process/List", "{}");
        var (wrong, _) = await _envd.PostJsonAsync("process.Process/List", "{}", (Headers.AccessToken, "guess"));
        var (right, _) = await _envd.PostJsonAsync("process.Process/List", "{}", (Headers.AccessToken, "secret"));

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized, HttpStatusCode.OK), (missing, wrong, right));
        Assert.Equal(401, body.GetProperty("code").GetInt32());
    }

    [Fact]
    public async Task Files_without_a_token_ask_for_a_signature()
    {
        await InitAsync(new InitRequest { AccessToken = "secret" });

        using var response = await _envd.GetAsync("files?path=/etc/passwd");

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("""{"code":401,"message":"missing signature query parameter"}""", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_same_token_may_be_set_again_but_no_other()
    {
        await InitAsync(new InitRequest { AccessToken = "secret" });

        var (same, _) = await _envd.PostJsonAsync("init", """{"accessToken":"secret"}""", (Headers.AccessToken, "secret"));
        var (other, _) = await _envd.PostJsonAsync("init", """{"accessToken":"other"}""", (Headers.AccessToken, "secret"));
        var (bare, _) = await _envd.PostJsonAsync("init", """{"accessToken":"secret"}""");

        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.Conflict, HttpStatusCode.Unauthorized), (same, other, bare));
    }

    [Fact]
    public async Task An_older_request_changes_nothing()
    {
        var now = DateTimeOffset.UtcNow;
        await InitAsync(new InitRequest { Timestamp = now, EnvVars = new Dictionary<string, string> { ["AGE"] = "new" } });

        await InitAsync(new InitRequest { Timestamp = now.AddSeconds(-1), EnvVars = new Dictionary<string, string> { ["AGE"] = "old" } });

        Assert.Equal("""{"AGE":"new"}""", await _envd.GetTextAsync("envs"));
    }

    [Fact]
    public async Task The_default_user_and_directory_hold_where_a_call_names_none()
    {
        await InitAsync(new InitRequest { DefaultUser = "nobody", DefaultWorkdir = "/usr" });

        var byDefault = await _envd.ShAsync("id -un; pwd");
        var named = await _envd.ShAsync("id -un", user: "root");

        Assert.Equal("nobody\n/usr\n", byDefault.Stdout);
        Assert.Equal("root\n", named.Stdout);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"envVars":{"A=B":"c"}}""")]
    [InlineData("""{"envVars":{"A":null}}""")]
    public async Task A_malformed_request_is_refused(string json)
    {
        var (status, body) = await _envd.PostJsonAsync("init", json);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(JsonValueKind.String, body.GetProperty("message").ValueKind);
    }

    [Fact]
    public async Task A_request_without_a_body_is_accepted()
    {
        var (status, _) = await _envd.PostJsonAsync("init", "");

        Assert.Equal(HttpStatusCode.NoContent, status);
    }

    [Fact]
    public async Task Asked_to_end_it_ends_at_once_and_well() => Assert.Equal(0, await _envd.TerminateAsync());

    private Task InitAsync(InitRequest init) => _envd.Client.InitAsync(init, TestContext.Current.CancellationToken);
}
