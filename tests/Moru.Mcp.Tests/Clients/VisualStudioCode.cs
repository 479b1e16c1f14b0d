using System.Text.Json;

namespace Moru.Mcp.Tests;

/// <summary>What VS Code's own code makes of printed configurations: read off its bundle, once, since that takes seconds.</summary>
public sealed class VisualStudioCode : IAsyncLifetime
{
    // VS Code for browsers comes with it as it is, and on npm.
    private const string Package = "code-server@4.139.1";
    private const string Integrity = "sha512-fUYvJVdz4ZoVJfakGiGWXFMpF8K1ObsrpGvX17ZxNpKOzdNHs7lANT670JTr4ZhA8DnWqyvvmFG/d3HV9Yy6ew==";

    private readonly McpHttpFixture http = new();
    private readonly Dictionary<string, ClientHome> homes = new() { ["stdio"] = new(), ["http"] = new(), ["wrong"] = new() };
    private readonly Dictionary<string, JsonElement> made = [];

    internal string Key => http.Server.Key;

    public async ValueTask InitializeAsync()
    {
        await http.InitializeAsync();
        var (local, remote) = (homes["stdio"], homes["http"]);
        foreach (var client in (string[])["vscode", "cursor", "copilot"])
        {
            await local.ConfigureAsync(client, null);
            await remote.ConfigureAsync(client, http.Server.Url);
        }

        var desktop = await local.ConfigureAsync("claude-desktop", null);
        await local.WriteAsync(".config/Claude/" + Path.GetFileName(desktop), await File.ReadAllTextAsync(desktop));
        await homes["wrong"].WriteAsync(".vscode/mcp.json", """{ "servers": { "moru": { "type": "stdio", "command": "moru-mcp", "tools": ["*"] } }, "mcpServers": {} }""");

        var folder = await NodePackages.InstallAsync("tests/Moru.Mcp.Tests/clients-js", "clients", "vscode.mjs");
        var bundle = await NodePackages.FileAsync(Package, Integrity, "lib/vscode/out/vs/code/browser/workbench/workbench.js");
        var answer = JsonElement.Parse(await Shell.RunAsync(["node", Path.Combine(folder, "vscode.mjs"), bundle, .. homes.Values.Select(home => home.Path)]));
        foreach (var (kind, one) in homes.Keys.Zip(answer.EnumerateArray())) made[kind] = one;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var home in homes.Values) home.Dispose();
        await http.DisposeAsync();
    }

    /// <summary>What a file is found to name: a command and its arguments, or a URL and its headers.</summary>
    internal JsonElement Found(string kind, string reader) => made[kind].GetProperty("found").GetProperty(reader);

    /// <summary>What the schema has against the file of VS Code.</summary>
    internal IEnumerable<string> Errors(string kind) => made[kind].GetProperty("errors").EnumerateArray().Select(error => error.GetString()!);
}
