using ModelContextProtocol.Server;
using Moru.Tools;

namespace Moru.Mcp;

/// <summary>What one owner works with, whatever the transport: the sandboxes and what MCP shows of them. Connections may share it.</summary>
internal sealed class McpSession : IAsyncDisposable
{
    /// <param name="connect">Makes a client once a server answers.</param>
    /// <param name="toolsets">The tools that it offers.</param>
    /// <param name="name">What the session sandbox is kept under; null: it ends with the session.</param>
    public McpSession(Func<CancellationToken, Task<MoruClient>> connect, Toolsets toolsets, string? name)
    {
        Sandboxes = new SandboxSession(connect) { Name = name };
        Tools = McpTools.Create(Sandboxes, toolsets);
    }

    public SandboxSession Sandboxes { get; }

    public McpServerPrimitiveCollection<McpServerTool> Tools { get; }

    public ValueTask DisposeAsync() => Sandboxes.DisposeAsync();
}
