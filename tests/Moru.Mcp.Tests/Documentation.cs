using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using ModelContextProtocol.Client;
using Moru.Server;

namespace Moru.Mcp.Tests;

/// <summary>What the README and the docs tell people to type works as it stands there.</summary>
public sealed partial class Documentation(TlsServerFixture fixture) : IDisposable, IClassFixture<TlsServerFixture>
{
    private static readonly string[] Documents = ["README.md", .. Directory.GetFiles(Path.Combine(Artifacts.Root, "docs"), "*.md")];

    private readonly TemporaryDirectory data = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static TheoryData<string> Configurations => [.. Blocks("json")];

    public void Dispose() => data.Dispose();

    [Fact]
    public void Every_shell_command_is_run_by_a_test() =>
        // `./moru test` is what runs this very test.
        Assert.Equal(["./moru demo", "./moru doctor", "./moru evals --filter data/median", "./moru test"], Blocks("sh").SelectMany(block => block.Trim().Split('\n')).Distinct().Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("demo", "seattle-weather")]
    [InlineData("doctor", "OK ")]
    [InlineData("evals --filter data/median", "report.html")]
    public async Task A_shell_command_of_the_documents_succeeds(string command, string output)
    {
        var (exit, text) = await RunAsync(Path.Combine(Artifacts.Root, "moru"), command.Split(' '));

        Assert.True(exit == 0, text);
        Assert.Contains(output, text, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Configurations))]
    public async Task A_client_configuration_starts_the_server(string configuration)
    {
        var servers = JsonDocument.Parse(configuration).RootElement.EnumerateObject().Single().Value;
        var server = servers.GetProperty("moru");
        var transport = new StdioClientTransport(new StdioClientTransportOptions
        {
            Command = server.GetProperty("command").GetString()!.Replace("/path/to/moru", Artifacts.Root, StringComparison.Ordinal),
            Arguments = [.. server.GetProperty("args").EnumerateArray().Select(argument => argument.GetString()!)],
            EnvironmentVariables = new Dictionary<string, string?> { ["MORU_DATA_DIR"] = data.Path, ["TMPDIR"] = data.Path },
        });

        await using var client = await McpClient.CreateAsync(transport, cancellationToken: Cancelled);

        var named = Named().Matches(await File.ReadAllTextAsync(Path.Combine(Artifacts.Root, "README.md"), Cancelled)).Select(match => match.Groups[1].Value);
        var tools = (await client.ListToolsAsync(cancellationToken: Cancelled)).Select(tool => tool.Name);
        Assert.Equal(tools.Order(StringComparer.Ordinal), named.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_lines_of_CSharp_run_as_they_stand()
    {
        var sample = Path.Combine(Artifacts.Root, "samples/Moru.Quickstart");
        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(sample, "Program.cs"), Cancelled), Assert.Single(Blocks("csharp")));

        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var (exit, text) = await RunAsync(Path.Combine(sample, $"bin/{configuration}/net10.0/Moru.Quickstart"));

        Assert.True(exit == 0, text);
        Assert.StartsWith("hello from PRETTY_NAME=", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_lines_of_JavaScript_run_as_they_stand() =>
        Assert.Equal("hello from JavaScript", await OfficialSdk.RunProgramAsync(SdkEnvironment, Assert.Single(Blocks("javascript"))));

    /// <summary>With a stand-in for the official SDK that sends what it sends, on Python's own libraries.</summary>
    [Fact]
    public async Task The_lines_of_Python_run_as_they_stand() =>
        Assert.Equal("hello from Python", await Shell.RunAsync(
            default, [.. SdkEnvironment, ("PYTHONPATH", Path.Combine(Artifacts.Root, "tests/Moru.Testing/python"))], "python3", "-c", Assert.Single(Blocks("python"))));

    /// <summary>What <c>env</c> prints.</summary>
    private (string, string)[] SdkEnvironment =>
    [
        ("MORU_API_URL", fixture.Server.HttpUrl!.GetLeftPart(UriPartial.Authority)),
        ("MORU_API_KEY", fixture.Server.ApiKey),
        ("MORU_DOMAIN", fixture.Server.Domain!),
        ("SSL_CERT_FILE", Path.Combine(fixture.DataDirectory, MoruServer.TrustBundleName)),
        ("NODE_EXTRA_CA_CERTS", Path.Combine(fixture.DataDirectory, MoruServer.AuthorityName)),
    ];

    private static IEnumerable<string> Blocks(string language) => Documents
        .Select(document => File.ReadAllText(Path.Combine(Artifacts.Root, document)))
        .SelectMany(text => Fence().Matches(text))
        .Where(match => match.Groups[1].Value == language)
        .Select(match => match.Groups[2].Value);

    private async Task<(int Exit, string Text)> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["MORU_DATA_DIR"] = data.Path,
                ["TMPDIR"] = data.Path,
                ["MORU_API_URL"] = program.EndsWith("moru", StringComparison.Ordinal) ? null : "unix:" + fixture.Server.SocketPath,
                ["MORU_API_KEY"] = fixture.Server.ApiKey,
            },
        })!;
        var errors = process.StandardError.ReadToEndAsync(Cancelled);
        var output = await process.StandardOutput.ReadToEndAsync(Cancelled);
        await process.WaitForExitAsync(Cancelled);
        return (process.ExitCode, output + await errors);
    }

    [GeneratedRegex(@"^```(\w+)\n(.*?)^```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"`([a-z]+_[a-z_]+)`")]
    private static partial Regex Named();
}
