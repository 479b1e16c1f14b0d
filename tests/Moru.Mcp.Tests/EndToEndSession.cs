namespace Moru.Mcp.Tests;

/// <summary>One real <c>moru-mcp</c> with one session, shared by the tests of a class; sandboxes end with it.</summary>
public sealed class EndToEndSession : IAsyncLifetime
{
    private readonly TemporaryDirectory data = new();

    internal McpProcess Mcp { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Mcp = McpProcess.Start(data.Path, "--toolsets all");
        await Mcp.ConnectAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Mcp.DisposeAsync();
        data.Dispose();
    }
}
