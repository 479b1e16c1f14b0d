using ModelContextProtocol.Client;

namespace Moru.Mcp.Tests;

/// <summary>
/// VS Code's own schema of its file, and its own readers of that file and those of other clients. What they find is started or connected to by the
/// official client. Not shown: that Cursor, which is not to be had from a registry, and VS Code put the key where its name stands; here the test does.
/// </summary>
public sealed class VisualStudioCodeItself(VisualStudioCode code) : IClassFixture<VisualStudioCode>
{
    [Theory]
    [InlineData("stdio")]
    [InlineData("http")]
    public void Its_schema_has_nothing_against_its_file(string kind) => Assert.Empty(code.Errors(kind));

    [Fact]
    public void Its_schema_refuses_members_of_other_clients()
    {
        var errors = string.Join('\n', code.Errors("wrong"));

        Assert.Contains("/servers/moru must NOT have additional properties", errors, StringComparison.Ordinal);
        Assert.Contains(" must NOT have additional properties", errors.Split('\n'));
    }

    [Theory]
    [InlineData("vscode")]
    [InlineData("claude-desktop")]
    [InlineData("cursor-global")]
    [InlineData("copilot")]
    public async Task A_file_names_a_program_that_is_the_server(string reader)
    {
        var found = code.Found("stdio", reader);

        await AnswersAsync(new StdioClientTransport(new StdioClientTransportOptions
        {
            Command = found.GetProperty("command").GetString()!,
            Arguments = [.. found.GetProperty("args").EnumerateArray().Select(argument => argument.GetString()!)],
        }));
    }

    [Theory]
    [InlineData("vscode", "${input:moru-api-key}")]
    [InlineData("cursor-global", "${env:MORU_API_KEY}")]
    [InlineData("copilot", "${MORU_API_KEY}")]
    public async Task A_file_names_a_URL_and_a_header_that_are_let_in(string reader, string key)
    {
        var found = code.Found("http", reader);
        var headers = found.GetProperty("headers").EnumerateObject().ToDictionary(header => header.Name, header => header.Value.GetString()!.Replace(key, code.Key, StringComparison.Ordinal));

        await AnswersAsync(new HttpClientTransport(new HttpClientTransportOptions { Endpoint = new Uri(found.GetProperty("url").GetString()!), AdditionalHeaders = headers }));
    }

    private static async Task AnswersAsync(IClientTransport transport)
    {
        var options = new McpClientOptions { DiscoverProbeTimeout = Eventually.Limit };
        await using var client = await McpClient.CreateAsync(transport, options, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal("moru", client.ServerInfo?.Name);
    }
}
