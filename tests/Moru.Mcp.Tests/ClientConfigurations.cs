using System.Text.Json;

namespace Moru.Mcp.Tests;

/// <summary>What <c>moru-mcp config</c> prints for each client.</summary>
public sealed class ClientConfigurations : IDisposable
{
    private readonly TemporaryDirectory data = new();

    public static TheoryData<string> Clients => [.. ClientConfiguration.Clients];

    public void Dispose() => data.Dispose();

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task The_program_that_it_names_is_this_one_with_the_same_options(string client)
    {
        var server = Server(client, await PrintAsync($"config {client} --session work --data-dir {data.Path}"));

        Assert.Equal(Path.Combine(AppContext.BaseDirectory, "moru-mcp"), server.GetProperty("command").GetString());
        Assert.Equal(["--session", "work", "--data-dir", data.Path], server.GetProperty("args").EnumerateArray().Select(argument => argument.GetString()!));
        Assert.Equal(client switch { "claude-code" or "vscode" => "stdio", "copilot" => "local", _ => null }, Type(server));
    }

    [Theory]
    [InlineData("claude-code", "Bearer ${MORU_API_KEY}")]
    [InlineData("vscode", "Bearer ${input:moru-api-key}")]
    [InlineData("cursor", "Bearer ${env:MORU_API_KEY}")]
    [InlineData("copilot", "Bearer ${MORU_API_KEY}")]
    public async Task A_url_comes_with_a_header_that_names_the_key_but_does_not_hold_it(string client, string authorization)
    {
        var file = await PrintAsync($"config {client} --url https://mcp.example/mcp");

        var server = Server(client, file);
        Assert.Equal(("https://mcp.example/mcp", authorization), (server.GetProperty("url").GetString(), server.GetProperty("headers").GetProperty("Authorization").GetString()));
        Assert.Equal(client == "cursor" ? null : "http", Type(server));
        if (client == "vscode") Assert.Equal(("promptString", "moru-api-key"), (file.GetProperty("inputs")[0].GetProperty("type").GetString(), file.GetProperty("inputs")[0].GetProperty("id").GetString()));
    }

    [Fact]
    public async Task Claude_Desktop_has_no_urls_in_its_file()
    {
        await using var process = McpProcess.Start(data.Path, "config claude-desktop --url https://mcp.example/mcp");

        Assert.Equal("", await process.Output.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.Equal(1, await process.ExitCodeAsync());
    }

    private async Task<JsonElement> PrintAsync(string arguments)
    {
        await using var process = McpProcess.Start(data.Path, arguments);
        return JsonElement.Parse(await process.Output.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    private static JsonElement Server(string client, JsonElement file) => file.GetProperty(client == "vscode" ? "servers" : "mcpServers").GetProperty("moru");

    private static string? Type(JsonElement server) => server.TryGetProperty("type", out var type) ? type.GetString() : null;
}
