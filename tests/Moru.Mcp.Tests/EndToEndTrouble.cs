using System.Net;
using System.Net.Sockets;

namespace Moru.Mcp.Tests;

public sealed class EndToEndTrouble : IDisposable
{
    private readonly TemporaryDirectory data = new();

    public void Dispose() => data.Dispose();

    [Theory]
    [InlineData("/proc/moru")]
    [InlineData("/etc/passwd")]
    public async Task A_data_directory_that_cannot_be_written_is_said_without_naming_paths(string directory)
    {
        await using var mcp = McpProcess.Start(directory);

        var text = await mcp.FailAsync("run_command", new() { ["command"] = "true" });

        Assert.Contains("The data directory cannot be made or written. Choose another with --data-dir", text, StringComparison.Ordinal);
        Assert.DoesNotContain(directory, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_is_taken_ends_serve_with_1()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();

        await using var serve = McpProcess.Start(data.Path, $"serve --port {((IPEndPoint)taken.LocalEndpoint).Port} --https-port 0");

        Assert.Equal(1, await serve.ExitCodeAsync());
        Assert.Equal("", await serve.Output.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("bogus")]
    [InlineData("serve --port many")]
    public async Task A_wrong_command_line_ends_with_2(string arguments)
    {
        await using var mcp = McpProcess.Start(data.Path, arguments);

        Assert.Equal(2, await mcp.ExitCodeAsync());
        Assert.Equal("", await mcp.Output.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_remote_server_that_does_not_answer_is_named()
    {
        await using var mcp = McpProcess.Start(data.Path, null, ("MORU_API_URL", "http://127.0.0.1:9"), ("MORU_API_KEY", "moru_x"));

        var text = await mcp.FailAsync("list_sandboxes", []);

        Assert.StartsWith("No Moru server answers at http://127.0.0.1:9", text, StringComparison.Ordinal);
    }
}
