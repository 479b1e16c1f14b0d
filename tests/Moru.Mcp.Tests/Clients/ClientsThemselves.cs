using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Moru.Mcp.Tests;

/// <summary>
/// Claude Code and the CLI of Copilot with what <c>moru-mcp config</c> prints for them. Nobody is logged in, and nothing leaves the machine.
/// Not shown: that their models use the tools well.
/// </summary>
public sealed class ClientsThemselves(McpHttpFixture fixture) : IClassFixture<McpHttpFixture>, IDisposable
{
    private const string Answer = """{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"done"},"finish_reason":"stop"}]}""";

    private readonly ClientHome home = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => home.Dispose();

    [Theory]
    [InlineData("stdio")]
    [InlineData("http")]
    public async Task Claude_Code_connects(string kind) => Assert.Contains("✔ Connected", await ListClaudeAsync(kind, fixture.Server.Key), StringComparison.Ordinal);

    [Fact]
    public async Task Claude_Code_takes_the_key_from_its_environment() => Assert.Contains("HTTP 401", await ListClaudeAsync("http", "moru_of_nobody"), StringComparison.Ordinal);

    /// <summary>
    /// Claude Desktop itself is not for Linux. What its maker's other client imports from its file is what it would start there; that
    /// client looks for the file on the disk of Windows, hence the container.
    /// </summary>
    [Fact]
    public async Task Claude_Code_finds_the_server_in_the_file_of_Claude_Desktop()
    {
        var file = await home.ConfigureAsync("claude-desktop", null);
        await home.WriteAsync("Users/me/AppData/Roaming/Claude/" + Path.GetFileName(file), await File.ReadAllTextAsync(file, Cancelled));
        using var docker = Process.Start(new ProcessStartInfo("docker",
        [
            "run", "--rm", "--interactive", "--network", "none", "--entrypoint", "timeout", "--volume", $"{await ClaudeAsync()}:/claude:ro", "--volume", $"{home.Path}:/mnt/c:ro",
            "--env", "WSL_DISTRO_NAME=any", "--env", "TERM=xterm", "moru/base", "60", "script", "--quiet", "--command", "/claude mcp add-from-claude-desktop", "/dev/null",
        ]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;

        var screen = new StringBuilder();
        var buffer = new char[4096];
        while (!screen.ToString().Contains("cancel", StringComparison.Ordinal) && await docker.StandardOutput.ReadAsync(buffer, Cancelled) is > 0 and var read) screen.Append(buffer, 0, read);
        await docker.StandardInput.WriteAsync('\e');
        await docker.StandardInput.FlushAsync(Cancelled);
        await docker.WaitForExitAsync(Cancelled);

        Assert.Contains("moru", screen.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("stdio")]
    [InlineData("http")]
    public async Task Copilot_connects_and_offers_the_tools_to_its_model(string kind) => Assert.Contains("\"moru-run_command\"", await AskCopilotAsync(kind, fixture.Server.Key), StringComparison.Ordinal);

    [Fact]
    public async Task Copilot_takes_the_key_from_its_environment() => Assert.DoesNotContain("\"moru-run_command\"", await AskCopilotAsync("http", "moru_of_nobody"), StringComparison.Ordinal);

    [Theory]
    [InlineData("stdio", "local", "command")]
    [InlineData("http", "http", "url")]
    public async Task Copilot_shows_the_server_as_it_was_printed(string kind, string type, string target)
    {
        var printed = JsonElement.Parse(await File.ReadAllTextAsync(await home.ConfigureAsync("copilot", Url(kind)), Cancelled)).GetProperty("mcpServers").GetProperty("moru");

        var shown = JsonElement.Parse(await CopilotAsync([], "mcp", "get", "moru", "--json")).GetProperty("moru");

        Assert.Equal((type, printed.GetProperty(target).GetString(), true), (shown.GetProperty("type").GetString(), shown.GetProperty(target).GetString(), shown.GetProperty("enabled").GetBoolean()));
    }

    private Uri? Url(string kind) => kind == "http" ? fixture.Server.Url : null;

    private async Task<string> ListClaudeAsync(string kind, string key)
    {
        await home.ConfigureAsync("claude-code", Url(kind));
        await home.WriteAsync(".claude/settings.json", """{"enableAllProjectMcpServers":true}"""); // the user's consent
        return await home.RunAsync([$"MORU_API_KEY={key}"], await ClaudeAsync(), "mcp", "list");
    }

    /// <summary>What its model is sent with the first question. The model is a stand-in, the one kind that needs no login.</summary>
    private async Task<string> AskCopilotAsync(string kind, string key)
    {
        await home.ConfigureAsync("copilot", Url(kind));
        await using var model = await StandIn.StartAsync(Answer);

        await CopilotAsync([$"MORU_API_KEY={key}", $"COPILOT_PROVIDER_BASE_URL={model.Url}/v1", "COPILOT_MODEL=m"], "--prompt", "hello", "--stream", "off", "--disable-client-telemetry");

        Assert.NotEmpty(model.Bodies);
        return string.Concat(model.Bodies);
    }

    private static async Task<string> ClaudeAsync() => Path.Combine(await PackagesAsync(), "node_modules/@anthropic-ai/claude-code-linux-x64/claude");

    private async Task<string> CopilotAsync(IEnumerable<string> variables, params string[] arguments)
    {
        // It unpacks 235 MB of itself, which stay with the packages.
        var folder = await PackagesAsync();
        return await home.RunAsync([.. variables, $"COPILOT_CACHE_HOME={folder}/copilot"], [Path.Combine(folder, "node_modules/@github/copilot-linux-x64/copilot"), .. arguments]);
    }

    private static Task<string> PackagesAsync() => NodePackages.InstallAsync("tests/Moru.Mcp.Tests/clients-js", "clients");
}
