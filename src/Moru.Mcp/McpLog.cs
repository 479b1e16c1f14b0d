using System.Diagnostics;
using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Moru.Mcp;

/// <summary>
/// Tells a client that asked for log messages how each call went. Arguments and results, which may hold secrets, stay out of it.
/// </summary>
internal static class McpLog
{
    public static McpRequestFilter<CallToolRequestParams, CallToolResult> Filter { get; } = next => async (request, cancellationToken) =>
    {
        var started = Stopwatch.GetTimestamp();
        var result = await next(request, cancellationToken);
        var level = result.IsError == true ? LoggingLevel.Warning : LoggingLevel.Debug;
        if (Least(request) is not { } least || level < least) return result;

        var call = new JsonObject
        {
            ["tool"] = request.Params?.Name,
            ["failed"] = result.IsError == true,
            ["milliseconds"] = (long)Stopwatch.GetElapsedTime(started).TotalMilliseconds,
        };
        var message = new LoggingMessageNotificationParams { Level = level, Logger = "moru", Data = System.Text.Json.JsonElement.Parse(call.ToJsonString()) };
        await McpNotice.TrySendAsync(request.Server.SendNotificationAsync(NotificationMethods.LoggingMessageNotification, message, cancellationToken: cancellationToken));
        return result;
    };

    /// <summary>What the request asks for itself, or the session did before; null: nothing.</summary>
    private static LoggingLevel? Least(RequestContext<CallToolRequestParams> request) => request.JsonRpcRequest.Context?.LogLevel ?? request.Server.LoggingLevel;
}
