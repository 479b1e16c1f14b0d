using Microsoft.Extensions.Logging;

namespace Moru.Server.Tests;

public sealed class AuthenticationSpecs(SharedServer shared) : IClassFixture<SharedServer>
{
    private MemoryServer Server => shared.Server;

    [Theory]
    [InlineData("GET", "/sandboxes", null, null, "X-API-Key authorization header is missing")]
    [InlineData("GET", "/sandboxes", "X-API-Key", "", "X-API-Key authorization header is missing")]
    [InlineData("GET", "/sandboxes", "X-API-Key", "sk_moru_00", "X-API-Key authorization header is malformed")]
    [InlineData("GET", "/sandboxes", "X-API-Key", "moru_", "invalid API key")]
    [InlineData("GET", "/sandboxes", "X-API-Key", "moru_zz", "invalid API key")]
    [InlineData("GET", "/sandboxes", "X-API-Key", "moru_0011223344556677889900112233445566778899", "invalid API key")]
    [InlineData("GET", "/sandboxes", "Authorization", "Bearer sk_moru_00", "X-API-Key authorization header is missing")]
    [InlineData("GET", "/teams", "Authorization", "Bearer moru_00", "Authorization authorization header is malformed")]
    [InlineData("GET", "/teams", "Authorization", "Basic sk_moru_00", "Authorization authorization header is malformed")]
    [InlineData("GET", "/teams", "Authorization", "Bearer sk_moru_0011223344556677889900112233445566778899", "invalid access token")]
    [InlineData("GET", "/nodes", null, null, "X-Admin-Token authorization header is missing")]
    [InlineData("GET", "/nodes", "X-Admin-Token", "admin", "invalid admin token")]
    [InlineData("POST", "/admin/teams/x/sandboxes/kill", "X-Admin-Token", "admin", "invalid admin token")]
    public async Task Without_the_right_credential_the_answer_is_401_and_says_why(string method, string path, string? header, string? value, string says)
    {
        var nobody = Server.As(header, value);

        (await nobody.SendAsync(new HttpMethod(method), path, null)).Fails(401, says);
    }

    [Fact]
    public async Task An_unknown_path_comes_before_the_credential_and_a_bad_body_after()
    {
        (await Server.As(null, null).GetAsync("/nothing")).Fails(404, "/nothing");
        (await Server.As(null, null).PostAsync("/sandboxes", "{")).Fails(401, "missing");
        (await Server.As(null, null).GetAsync("/api-keys/nonsense")).Fails(405, "/api-keys");
    }

    [Fact]
    public async Task A_key_does_not_open_the_endpoints_of_the_administrator_nor_the_other_way_round()
    {
        (await Server.GetAsync("/nodes")).Fails(401, "X-Admin-Token");
        (await Server.GetAsync("/admin/teams")).Fails(401, "X-Admin-Token");
        (await Server.Admin.GetAsync("/sandboxes")).Fails(401, "X-API-Key");
    }

    [Fact]
    public async Task A_server_without_an_admin_token_has_no_administrator()
    {
        await using var server = await MemoryServer.StartAsync(adminToken: null);

        (await server.Admin.GetAsync("/nodes")).Fails(401, "MORU_ADMIN_TOKEN");
        (await server.As("X-Admin-Token", "").GetAsync("/nodes")).Fails(401, "missing");
    }

    [Fact]
    public async Task No_secret_is_logged_or_repeated()
    {
        var log = new LinesLog();
        await using var server = await MemoryServer.StartAsync(logs: log);
        const string Wrong = "moru_00112233445566778899";
        var created = await server.PostAsync("/api-keys", """{"name":"ci"}""");
        var token = (await server.PostAsync("/access-tokens", """{"name":"laptop"}"""))["token"]!;

        var refused = await server.As("X-API-Key", Wrong).GetAsync("/sandboxes");
        await server.As("Authorization", "Bearer " + token).GetAsync("/teams");
        await server.CreateAsync();
        server.Engine.GoDown();
        await server.Admin.GetAsync("/nodes");

        Assert.DoesNotContain(Wrong, refused.Text, StringComparison.Ordinal);
        Assert.NotEmpty(log.Lines);
        foreach (var secret in new[] { Wrong, created["key"]!, token, server.ApiKey, MemoryServer.AdminToken })
            Assert.DoesNotContain(log.Lines, line => line.Contains(secret, StringComparison.Ordinal));
    }

    private sealed class LinesLog : ILoggerFactory, ILogger
    {
        private readonly List<string> lines = [];

        public IReadOnlyList<string> Lines
        {
            get
            {
                lock (lines) return [.. lines];
            }
        }

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (lines) lines.Add(formatter(state, exception) + exception);
        }

        public void Dispose()
        {
        }
    }
}
