using ModelContextProtocol.Server;
using Moru.Tools;

namespace Moru.Mcp;

/// <summary>What one owner works with, whatever the transport: the sandboxes and what MCP shows of them. Connections may share it.</summary>
internal sealed class McpSession : IAsyncDisposable
{
    private const int MaxWatches = 1_000;

    /// <param name="connect">Makes a client once a server answers.</param>
    /// <param name="toolsets">The tools that it offers.</param>
    /// <param name="kept">The name that the session sandbox is kept under, in a data directory; null: it ends with the session.</param>
    /// <param name="timeProvider">The clock of its tasks; null: the system's.</param>
    public McpSession(Func<CancellationToken, Task<MoruClient>> connect, Toolsets toolsets, (string DataDirectory, string Name)? kept = null, TimeProvider? timeProvider = null)
    {
        Tasks = new McpTasks(timeProvider ?? TimeProvider.System);
        Sandboxes = new SandboxSession(connect, kept is var (place, name) ? new() { Name = name, Alone = cancel => SessionLock.WaitAsync(place, name, cancel) } : new());
        Tools = McpTools.Create(this, toolsets);
        Resources = new McpResources(this);
        Completions = new McpCompletions(this);
    }

    /// <summary>What sessions of the same owner tell each other.</summary>
    public SandboxNews News { get; init; } = new();

    public SandboxSession Sandboxes { get; }

    public McpServerPrimitiveCollection<McpServerTool> Tools { get; }

    public McpResources Resources { get; }

    public McpCompletions Completions { get; }

    /// <summary>Calls that outlive their requests.</summary>
    public McpTasks Tasks { get; }

    /// <summary>The client that tools and resources share.</summary>
    /// <exception cref="SandboxException">No server answers; the next call tries again.</exception>
    public Task<MoruClient> ClientAsync(CancellationToken cancellationToken) => Sandboxes.ClientAsync(cancellationToken);

    /// <summary>Resources that its connections observe.</summary>
    public Budget Watches { get; } = new(all: MaxWatches, each: MaxWatches);

    public async ValueTask DisposeAsync()
    {
        await Tasks.DisposeAsync();
        await Sandboxes.DisposeAsync();
    }
}
