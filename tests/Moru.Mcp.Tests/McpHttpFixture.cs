namespace Moru.Mcp.Tests;

/// <summary>One <c>moru-mcp http</c>, shared by the tests of a class. Its sandboxes, which outlive it, are ended.</summary>
public sealed class McpHttpFixture : IAsyncLifetime
{
    private readonly TemporaryDirectory data = new();

    internal McpHttp Server { get; private set; } = null!;

    public string DataDirectory => data.Path;

    public async ValueTask InitializeAsync() => Server = await McpHttp.StartAsync(data.Path, "--host mcp.example --toolsets all");

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Leftovers.EndAsync(data.Path);
        data.Dispose();
    }
}
