using Microsoft.Extensions.AI;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Moru.Tools;
using Tool = ModelContextProtocol.Protocol.Tool;

namespace Moru.Mcp;

/// <summary>One tool behind MCP: a call in, progress while it runs, a result out. Failures go to <see cref="McpErrors"/>.</summary>
internal sealed class McpTool(AIFunction function, Tool description, McpSession session) : McpServerTool
{
    public override Tool ProtocolTool => description;

    public override IReadOnlyList<object> Metadata => [];

    public override async ValueTask<CallToolResult> InvokeAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken = default)
    {
        if (await McpConsent.RefusalOrDefaultAsync(request, session, cancellationToken) is { } refusal) return refusal;
        var arguments = new AIFunctionArguments();
        foreach (var (name, value) in request.Params?.Arguments ?? new Dictionary<string, System.Text.Json.JsonElement>()) arguments[name] = value;

        var progress = request.Params?.ProgressToken is { } token ? new McpProgress(request.Server, token) : null;
        await using (progress)
        {
            arguments.Context = new Dictionary<object, object?> { [typeof(IProgress<string>)] = progress };
            var own = session.Sandboxes.SandboxId;
            try
            {
                var result = await function.InvokeAsync(arguments, cancellationToken) as ToolResult ?? throw new InvalidOperationException($"{function.Name} returned no result.");
                return McpTools.Show(result, links: McpVersions.HasLinks(request));
            }
            finally
            {
                // A call that fails may have made the session sandbox all the same.
                if (own != session.Sandboxes.SandboxId || function.Name is "create_sandbox" or "kill_sandbox") await TellAsync(request, cancellationToken);
            }
        }
    }

    /// <summary>Here the client that called is told, in its call; in the newest revision only those who listen are.</summary>
    private async Task TellAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        session.News.Tell(request.Server.SessionId);
        if (McpVersions.HasSessions(request)) await McpNotice.TrySendAsync(request.Server.SendNotificationAsync(NotificationMethods.ResourceListChangedNotification, cancellationToken));
    }
}
