namespace Moru.Mcp.Tests;

/// <summary>A directory that is home and project of clients at once, with what <c>moru-mcp config</c> prints for them at the places that it names.</summary>
internal sealed class ClientHome : IDisposable
{
    /// <summary>What keeps clients from reporting, updating and asking, and from what else the user of the machine has set for them.</summary>
    private static readonly string[] Quiet =
    [
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1", "COPILOT_AUTO_UPDATE=false", "COPILOT_OFFLINE=true", "DISABLE_AUTOUPDATER=1", "DISABLE_ERROR_REPORTING=1", "DISABLE_TELEMETRY=1", "DO_NOT_TRACK=1",
        $"PATH={Environment.GetEnvironmentVariable("PATH")}", $"DOTNET_ROOT={Environment.GetEnvironmentVariable("DOTNET_ROOT")}",
    ];

    private readonly TemporaryDirectory directory = new();

    public string Path => directory.Path;

    /// <summary>Where the servers that clients start keep their data.</summary>
    private string Data => System.IO.Path.Combine(Path, "data");

    public void Dispose() => directory.Dispose();

    /// <summary>Prints a configuration and puts it where the command says.</summary>
    /// <param name="client">One of <see cref="ClientConfiguration.Clients"/>.</param>
    /// <param name="url">The server; null: the program.</param>
    /// <returns>The file.</returns>
    public async Task<string> ConfigureAsync(string client, Uri? url)
    {
        await using var process = McpProcess.Start(Data, $"config {client} " + (url is null ? $"--data-dir {Data}" : $"--url {url}"));
        var printed = await process.Output.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, await process.ExitCodeAsync());

        return await WriteAsync(process.Errors["# ".Length..].Split()[0].Replace("~/", "", StringComparison.Ordinal), printed);
    }

    public async Task<string> WriteAsync(string file, string content)
    {
        file = System.IO.Path.Combine(Path, file);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        await File.WriteAllTextAsync(file, content, TestContext.Current.CancellationToken);
        return file;
    }

    /// <summary>Runs a client here, with the variables given, and returns what it wrote.</summary>
    public Task<string> RunAsync(IEnumerable<string> variables, params string[] command) =>
        Shell.RunAsync(["env", "--chdir", Path, "--ignore-environment", $"HOME={Path}", $"TMPDIR={Path}", .. Quiet, .. variables, .. command]);
}
