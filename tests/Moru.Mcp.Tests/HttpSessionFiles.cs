using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using ModelContextProtocol.Protocol;

namespace Moru.Mcp.Tests;

/// <summary>What is kept on disk of sessions over HTTP, and what a client can do to it.</summary>
public sealed class HttpSessionFiles : IDisposable
{
    private const string Initialize = """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}""";

    private readonly TemporaryDirectory data = new();
    private readonly SessionFiles files;

    public HttpSessionFiles() => files = new SessionFiles(data.Path);

    public static TheoryData<string> Ids => ["../x", "/etc/passwd", "a\0b", "", "ü", new string('x', 10_000)];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private string Folder => Path.Combine(data.Path, "mcp-sessions");

    public void Dispose() => data.Dispose();

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task Whatever_an_id_is_its_session_is_one_file_in_the_folder_and_its_owners(string id)
    {
        Assert.Null(await files.AllowSessionMigrationAsync(Of("mine"), id, Cancelled));
        await OpenAsync(id);

        Assert.Equal([Folder], Directory.GetFileSystemEntries(data.Path));
        Assert.Single(Directory.GetFileSystemEntries(Folder));
        Assert.NotNull(await files.AllowSessionMigrationAsync(Of("mine"), id, Cancelled));
        Assert.Null(await files.AllowSessionMigrationAsync(Of("yours"), id, Cancelled));
        files.Delete(id);
        Assert.Empty(Directory.GetFileSystemEntries(Folder));
    }

    [Fact]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public async Task Nobody_else_on_the_machine_reads_them()
    {
        await OpenAsync("id");

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Folder));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Directory.GetFiles(Folder).Single()));
    }

    [Fact]
    public async Task They_are_bounded_in_number_and_age()
    {
        for (var i = 0; i < 1_010; i++) await OpenAsync($"id{i}");
        Assert.InRange(Directory.GetFiles(Folder).Length, 1_000, 1_001);

        foreach (var file in Directory.GetFiles(Folder)) File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddDays(-1.1));
        await OpenAsync("new");
        Assert.Single(Directory.GetFiles(Folder));
    }

    [Fact]
    public async Task One_that_a_crash_left_half_written_is_unknown()
    {
        await OpenAsync("id");
        await File.WriteAllTextAsync(Directory.GetFiles(Folder).Single(), "{", Cancelled);

        Assert.Null(await files.AllowSessionMigrationAsync(Of("mine"), "id", Cancelled));
    }

    [Fact]
    public async Task A_client_ends_a_session_that_was_there_before_a_restart()
    {
        string id;
        int port;
        await using (var first = await McpHttp.StartAsync(data.Path))
        {
            using var opened = await first.SendAsync(HttpMethod.Post, "/mcp", Initialize, ("X-API-Key", first.Key));
            (id, port) = (opened.Headers.GetValues("Mcp-Session-Id").Single(), first.Url.Port);
            await first.KillAsync();
        }

        await using var second = await McpHttp.StartAsync(data.Path, port: port);
        var headers = new[] { ("X-API-Key", second.Key), ("Mcp-Session-Id", id), ("MCP-Protocol-Version", "2025-11-25") };
        using var ended = await second.SendAsync(HttpMethod.Delete, "/mcp", null, headers);

        Assert.Contains(ended.StatusCode, new[] { HttpStatusCode.OK, HttpStatusCode.NoContent });
        Assert.Equal(HttpStatusCode.NotFound, await second.StatusAsync("""{"jsonrpc":"2.0","id":1,"method":"tools/list"}""", headers));
        Assert.Empty(Directory.GetFiles(Folder));
    }

    private async Task OpenAsync(string id) => await files.OnSessionInitializedAsync(
        Of("mine"), id, new InitializeRequestParams { ProtocolVersion = "2025-11-25", Capabilities = new ClientCapabilities(), ClientInfo = new Implementation { Name = "t", Version = "1" } }, Cancelled);

    private static DefaultHttpContext Of(string owner) => new() { User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, owner)], "ApiKey")) };
}
