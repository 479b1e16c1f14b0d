using System.IO.Pipelines;
using Microsoft.Extensions.Logging.Abstractions;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Moru.Tools;

namespace Moru.Mcp.Tests;

/// <summary>The official MCP client against our face, over pipes in this process.</summary>
internal sealed class MemoryFace : IAsyncDisposable
{
    private readonly Pipe toServer;
    private readonly McpSession session;
    private readonly McpServer server;
    private readonly Task running;

    private MemoryFace(Pipe toServer, McpSession session, McpServer server, Task running, McpClient client) =>
        (this.toServer, this.session, this.server, this.running, Client) = (toServer, session, server, running, client);

    public McpClient Client { get; }

    /// <summary>A client of a server that is not there.</summary>
    public static MoruClient Nobody => new(new MoruOptions { ApiUrl = new Uri("unix:/nonexistent/moru.sock") });

    /// <param name="toolsets">What is offered.</param>
    /// <param name="options">Of the client; null: one that knows nothing special.</param>
    /// <param name="connect">Finds the Moru server; null: there is none.</param>
    /// <param name="clock">The session's; null: the system's.</param>
    public static async Task<MemoryFace> StartAsync(
        Toolsets toolsets = Toolsets.Core, McpClientOptions? options = null, Func<CancellationToken, Task<MoruClient>>? connect = null, TimeProvider? clock = null)
    {
        var (toServer, toClient) = (new Pipe(), new Pipe());
        var session = new McpSession(connect ?? (_ => Task.FromResult(Nobody)), toolsets, timeProvider: clock);
        var transport = new StreamServerTransport(toServer.Reader.AsStream(), toClient.Writer.AsStream(), "moru", NullLoggerFactory.Instance);
        var server = McpFace.Create(transport, session, new McpSubscriptions(session, NullLogger.Instance), NullLoggerFactory.Instance);
        var running = server.RunAsync();
        var client = await McpClient.CreateAsync(new StreamClientTransport(toServer.Writer.AsStream(), toClient.Reader.AsStream()), options);
        return new MemoryFace(toServer, session, server, running, client);
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await toServer.Writer.CompleteAsync();
        await running;
        await server.DisposeAsync();
        await session.DisposeAsync();
    }
}
