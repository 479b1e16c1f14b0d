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

        Assert.Equal(McpProcess.Program, server.GetProperty("command").GetString());
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

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task What_the_client_would_not_pass_on_is_in_the_file_and_secrets_are_not(string client)
    {
        var env = Server(client, await PrintAsync($"config {client}", ("DOCKER_HOST", "tcp://10.0.0.1:2375"), ("MORU_ADMIN_TOKEN", "secret"))).GetProperty("env");

        Assert.Equal(["DOCKER_HOST=tcp://10.0.0.1:2375", $"MORU_ENVD={Artifacts.Envd}"], env.EnumerateObject().Select(variable => $"{variable.Name}={variable.Value}"));
    }

    [Theory]
    [InlineData("--toolsets bogus", "There is no toolset 'bogus'")]
    [InlineData("--session two\u00a0words", "The session is")]
    public async Task What_the_server_would_refuse_is_not_printed(string option, string expected)
    {
        await using var process = McpProcess.Start(data.Path, $"config cursor {option}");

        Assert.Equal("", await process.Output.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.Equal(2, await process.ExitCodeAsync());
        Assert.Contains(expected, process.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Claude_Desktop_has_no_urls_in_its_file()
    {
        await using var process = McpProcess.Start(data.Path, "config claude-desktop --url https://mcp.example/mcp");

        Assert.Equal("", await process.Output.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.Equal(1, await process.ExitCodeAsync());
    }

    private async Task<JsonElement> PrintAsync(string arguments, params (string Name, string Value)[] environment)
    {
        await using var process = McpProcess.Start(data.Path, arguments, environment);
        var printed = await process.Output.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, await process.ExitCodeAsync());
        return JsonElement.Parse(printed);
    }

    private static JsonElement Server(string client, JsonElement file) => file.GetProperty(client == "vscode" ? "servers" : "mcpServers").GetProperty("moru");

    private static string? Type(JsonElement server) => server.TryGetProperty("type", out var type) ? type.GetString() : null;
}
