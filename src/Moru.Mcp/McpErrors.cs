using Microsoft.Extensions.Logging;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Moru.Tools;

namespace Moru.Mcp;

/// <summary>The one place where exceptions become tool errors, which the model reads; without it the SDK would hide their text.</summary>
internal static partial class McpErrors
{
    public static McpRequestFilter<CallToolRequestParams, CallToolResult> Filter(ILogger logger) => next => async (request, cancellationToken) =>
    {
        try
        {
            return await next(request, cancellationToken);
        }
        catch (Exception error) when (error is ToolException or SandboxException)
        {
            return Show(error.Message);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested && error is not (McpException or InputRequiredException))
        {
            // A defect of ours: the model learns that retrying in the same way is pointless, the log learns the rest.
            Log.Failed(logger, request.Params?.Name, error);
            return Show($"{request.Params?.Name} failed because of an internal error ({error.GetType().Name}). Do it another way, or tell the user; the server's log has the details.");
        }
    };

    private static CallToolResult Show(string message) => new() { Content = [new TextContentBlock { Text = message }], IsError = true };

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Tool {Tool} failed unexpectedly")]
        public static partial void Failed(ILogger logger, string? tool, Exception error);
    }
}
