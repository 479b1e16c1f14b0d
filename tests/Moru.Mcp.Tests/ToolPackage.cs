using System.Diagnostics;
using System.IO.Compression;

namespace Moru.Mcp.Tests;

/// <summary>The .NET tool that <c>./moru pack</c> makes, from a feed that is a folder.</summary>
[Collection(nameof(ToolPackage))]
public sealed class ToolPackage : IDisposable
{
    private const string Initialize = """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}""";

    private static readonly string Feed = Path.Combine(Artifacts.Root, "artifacts/packages");

    private readonly TemporaryDirectory data = new();

    public void Dispose() => data.Dispose();

    [Fact]
    public async Task It_is_an_mcp_server_that_installs_and_runs_from_a_feed()
    {
        await RunAsync([Temporary], "moru", "pack");
        using (var package = await ZipFile.OpenReadAsync(Path.Combine(Feed, $"moru-mcp.{McpFace.Version}.nupkg"), TestContext.Current.CancellationToken))
        {
            var specification = await ReadAsync(package, "moru-mcp.nuspec");
            Assert.Contains("<packageType name=\"DotnetTool\" />", specification, StringComparison.Ordinal);
            Assert.Contains("<packageType name=\"McpServer\" />", specification, StringComparison.Ordinal);
            Assert.Contains($"\"version\": \"{McpFace.Version}\"", await ReadAsync(package, ".mcp/server.json"), StringComparison.Ordinal);
            Assert.Contains("mcp-name: io.github.moru-ai/moru-mcp", await ReadAsync(package, "README.md"), StringComparison.Ordinal);
        }

        var installed = Path.Combine(data.Path, "tools");
        var packages = ("NUGET_PACKAGES", Path.Combine(data.Path, "packages")); // a cache would hide what the feed has
        await Shell.RunAsync(default, [packages, Temporary], "dotnet", "tool", "install", "moru-mcp", "--version", McpFace.Version, "--source", Feed, "--tool-path", installed);
        Assert.Contains("\"name\":\"moru\"", await AskAsync(packages, Path.Combine(installed, "moru-mcp")), StringComparison.Ordinal);
        Assert.Contains("\"name\":\"moru\"", await AskAsync(packages, "dotnet", "tool", "exec", "--yes", "--source", Feed, $"moru-mcp@{McpFace.Version}"), StringComparison.Ordinal);
    }

    // The .NET command leaves things there.
    private (string Name, string Value) Temporary => ("TMPDIR", data.Path);

    /// <summary>Runs a script of the repository that compiles all to native code, which takes minutes where several things run.</summary>
    internal static async Task RunAsync(IEnumerable<(string Name, string Value)> environment, string script, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(Artifacts.Root, script), arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, output + await errors);
    }

    private async Task<string> AskAsync((string Name, string Value) packages, params string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var (name, value) in new[] { packages, Temporary, ("MORU_DATA_DIR", data.Path), ("MORU_API_URL", "unix:/nonexistent.sock") }) start.Environment[name] = value;
        using var tool = Process.Start(start)!;
        await tool.StandardInput.WriteLineAsync(Initialize);
        await tool.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
        var answer = await tool.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);

        tool.StandardInput.Close(); // a server whose input ends answers no more
        await tool.WaitForExitAsync(TestContext.Current.CancellationToken);
        return answer ?? "";
    }

    private static async Task<string> ReadAsync(ZipArchive package, string entry)
    {
        using var reader = new StreamReader(await package.GetEntry(entry)!.OpenAsync());
        return await reader.ReadToEndAsync();
    }
}
