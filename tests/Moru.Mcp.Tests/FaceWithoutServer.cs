using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Moru.Mcp.Tests;

/// <summary>Our face for tests that need no Moru server behind it.</summary>
public sealed class FaceWithoutServer : IAsyncLifetime
{
    private MemoryFace? face;

    public McpClient Client => face!.Client;

    public async ValueTask InitializeAsync() => face = await MemoryFace.StartAsync();

    public ValueTask DisposeAsync() => face!.DisposeAsync();

    /// <summary>Calls a tool that must fail, and returns what the model reads.</summary>
    public async Task<string> FailAsync(string tool, Dictionary<string, object?> arguments)
    {
        var result = await Client.CallToolAsync(tool, arguments, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(result.IsError);
        return Assert.IsType<TextContentBlock>(Assert.Single(result.Content)).Text;
    }
}
