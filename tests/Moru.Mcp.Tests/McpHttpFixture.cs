namespace Moru.Mcp.Tests;

/// <summary>One <c>moru-mcp http</c>, shared by the tests of a class. Its sandboxes, which outlive it, are ended.</summary>
public sealed class McpHttpFixture : IAsyncLifetime
{
    private readonly TemporaryDirectory data = new();

    internal McpHttp Server { get; private set; } = null!;

    public string DataDirectory => data.Path;

    /// <summary>Makes a key besides that of this machine.</summary>
    internal async Task<string> NewKeyAsync()
    {
        await using var keys = McpProcess.Start(DataDirectory, "keys create another");
        return (await keys.Output.ReadToEndAsync(TestContext.Current.CancellationToken)).Trim();
    }

    public async ValueTask InitializeAsync() => Server = await McpHttp.StartAsync(data.Path, "--host mcp.example --toolsets all");

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Leftovers.EndAsync(data.Path);
        data.Dispose();
    }
}
