using System.Collections.Concurrent;
using Microsoft.Extensions.AI;
using ModelContextProtocol.Client;
using Moru.Tools;

namespace Moru.Evals;

/// <summary>
/// The MCP server as a real client starts it, over stdio, once for each choice of toolsets. All attempts share its session; each has its own sandbox, named in
/// every call.
/// </summary>
internal sealed class McpToolsFace(string apiUrl, string apiKey) : IFace
{
    private readonly ConcurrentDictionary<Toolsets, Lazy<Task<Server>>> servers = new();

    public string Name => "mcp";

    public async Task<ChatResponse> RunAsync(IChatClient model, EvalTask task, Sandbox sandbox, CancellationToken cancellationToken)
    {
        var (client, tools) = await servers.GetOrAdd(task.Toolsets, toolsets => new(() => StartAsync(toolsets))).Value.WaitAsync(cancellationToken);
        return await Agent.RunAsync(model, task.Prompt, client.ServerInstructions ?? "", tools.Select(tool => new InSandbox(tool, sandbox.SandboxId)), cancellationToken);
    }

    public Step.Call Translate(Step.Call call) => call;

    public string Canonical(string offered) => offered;

    public async ValueTask DisposeAsync()
    {
        foreach (var server in servers.Values.Where(server => server.Value.IsCompletedSuccessfully)) await (await server.Value).Client.DisposeAsync();
    }

    private async Task<Server> StartAsync(Toolsets toolsets)
    {
        var transport = new StdioClientTransport(new StdioClientTransportOptions
        {
            Command = Path.Combine(AppContext.BaseDirectory, "moru-mcp"),
            Arguments = ["--toolsets", toolsets.ToString()],
            EnvironmentVariables = new Dictionary<string, string?> { ["MORU_API_URL"] = apiUrl, ["MORU_API_KEY"] = apiKey },
        });
        // A busy machine may take its time to start the program, and a probe given up would speak the older protocol.
        var client = await McpClient.CreateAsync(transport, new McpClientOptions { DiscoverProbeTimeout = TimeSpan.FromMinutes(1) });
        return new Server(client, await client.ListToolsAsync());
    }

    private sealed record Server(McpClient Client, IList<McpClientTool> Tools);

    private sealed class InSandbox(McpClientTool tool, string sandboxId) : DelegatingAIFunction(tool)
    {
        protected override async ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
        {
            if (tool.JsonSchema.GetProperty("properties").TryGetProperty("sandbox_id", out _)) arguments.TryAdd("sandbox_id", sandboxId);
            var result = await tool.CallAsync(arguments, cancellationToken: cancellationToken);
            return string.Join('\n', result.Content.OfType<ModelContextProtocol.Protocol.TextContentBlock>().Select(block => block.Text));
        }
    }
}
