using Microsoft.Extensions.AI;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Moru.Tools;
using Tool = ModelContextProtocol.Protocol.Tool;

namespace Moru.Mcp;

/// <summary>One tool behind MCP: a call in, progress while it runs, a result out. Failures go to <see cref="McpErrors"/>.</summary>
internal sealed class McpTool(AIFunction function, Tool description) : McpServerTool
{
    public override Tool ProtocolTool => description;

    public override IReadOnlyList<object> Metadata => [];

    public override async ValueTask<CallToolResult> InvokeAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken = default)
    {
        var arguments = new AIFunctionArguments();
        foreach (var (name, value) in request.Params?.Arguments ?? new Dictionary<string, System.Text.Json.JsonElement>()) arguments[name] = value;

        var progress = request.Params?.ProgressToken is { } token ? new McpProgress(request.Server, token) : null;
        await using (progress)
        {
            arguments.Context = new Dictionary<object, object?> { [typeof(IProgress<string>)] = progress };
            return await function.InvokeAsync(arguments, cancellationToken) is ToolResult result
                ? McpTools.Show(result)
                : throw new InvalidOperationException($"{function.Name} returned no result.");
        }
    }
}
