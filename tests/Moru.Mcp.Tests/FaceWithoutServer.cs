using System.IO.Pipelines;
using Microsoft.Extensions.Logging.Abstractions;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Moru.Mcp.Tests;

/// <summary>The official MCP client against our face, over pipes in this process. No Moru server answers behind it.</summary>
public sealed class FaceWithoutServer : IAsyncLifetime
{
    private readonly Pipe toServer = new();
    private readonly Pipe toClient = new();
    private readonly McpSession session = new(_ => Task.FromResult(new MoruClient(new MoruOptions { ApiUrl = new Uri("unix:/nonexistent/moru.sock") })), Tools.Toolsets.Core, null);
    private McpServer? server;
    private Task running = Task.CompletedTask;

    public McpClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var transport = new StreamServerTransport(toServer.Reader.AsStream(), toClient.Writer.AsStream(), "moru", NullLoggerFactory.Instance);
        server = McpFace.Create(transport, session, new McpSubscriptions(session, NullLogger.Instance), NullLoggerFactory.Instance);
        running = server.RunAsync();
        Client = await McpClient.CreateAsync(new StreamClientTransport(toServer.Writer.AsStream(), toClient.Reader.AsStream()));
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await toServer.Writer.CompleteAsync();
        await running;
        await server!.DisposeAsync();
        await session.DisposeAsync();
    }

    /// <summary>Calls a tool that must fail, and returns what the model reads.</summary>
    public async Task<string> FailAsync(string tool, Dictionary<string, object?> arguments)
    {
        var result = await Client.CallToolAsync(tool, arguments, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(result.IsError);
        return Assert.IsType<TextContentBlock>(Assert.Single(result.Content)).Text;
    }
}
