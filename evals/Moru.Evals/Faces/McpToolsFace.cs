using Microsoft.Extensions.AI;
using ModelContextProtocol.Client;

namespace Moru.Evals;

/// <summary>The MCP server as a real client starts it, over stdio. All attempts share one session; each has its own sandbox, named in every call.</summary>
internal sealed class McpToolsFace : IFace
{
    private readonly McpClient client;
    private readonly IList<McpClientTool> tools;

    private McpToolsFace(McpClient client, IList<McpClientTool> tools) => (this.client, this.tools) = (client, tools);

    public string Name => "mcp";

    public static async Task<McpToolsFace> StartAsync(string apiUrl, string apiKey, CancellationToken cancellationToken)
    {
        var transport = new StdioClientTransport(new StdioClientTransportOptions
        {
            Command = Path.Combine(AppContext.BaseDirectory, "moru-mcp"),
            EnvironmentVariables = new Dictionary<string, string?> { ["MORU_API_URL"] = apiUrl, ["MORU_API_KEY"] = apiKey },
        });
        var client = await McpClient.CreateAsync(transport, cancellationToken: cancellationToken);
        return new McpToolsFace(client, await client.ListToolsAsync(cancellationToken: cancellationToken));
    }

    public Task<ChatResponse> RunAsync(IChatClient model, string prompt, Sandbox sandbox, CancellationToken cancellationToken) =>
        Agent.RunAsync(model, prompt, client.ServerInstructions ?? "", tools.Select(tool => new InSandbox(tool, sandbox.SandboxId)), cancellationToken);

    public Step.Call Translate(Step.Call call) => call;

    public string Canonical(string offered) => offered;

    public ValueTask DisposeAsync() => client.DisposeAsync();

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
