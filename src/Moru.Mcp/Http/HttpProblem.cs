using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using ModelContextProtocol;

namespace Moru.Mcp;

/// <summary>A refusal that never reached MCP, in the form of the SDK's own.</summary>
/// <param name="Code">Of JSON-RPC.</param>
/// <param name="Message">Why.</param>
/// <param name="Status">Of the answer.</param>
/// <param name="Id">Of the request that it answers; null: unknown.</param>
internal sealed record HttpProblem(McpErrorCode Code, string Message, int Status = StatusCodes.Status400BadRequest, JsonNode? Id = null)
{
    private const McpErrorCode ServerError = (McpErrorCode)(-32000);
    private const string RetrySeconds = "5";

    public static Task WriteAsync(HttpContext context, int status, string message) => new HttpProblem(ServerError, message, status).WriteAsync(context);

    /// <summary>As <see cref="WriteAsync(HttpContext, int, string)"/>, to a stranger, who keeps no connection.</summary>
    public static Task TurnAwayAsync(HttpContext context, int status, string message)
    {
        context.Response.Headers.Connection = "close";
        return WriteAsync(context, status, message);
    }

    /// <summary>Answers requests that are too long, too slow, broken off, or for which there is no room.</summary>
    public static async Task CatchAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (BadHttpRequestException error) when (!context.Response.HasStarted)
        {
            context.Response.Headers.Remove(SessionFiles.Header); // there is no such session
            await WriteAsync(context, error.StatusCode, error.Message);
        }
    }

    public Task WriteAsync(HttpContext context)
    {
        context.Response.StatusCode = Status;
        if (Status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable) context.Response.Headers.RetryAfter = RetrySeconds;
        context.Response.ContentType = "application/json";
        var body = new JsonObject
        {
            ["jsonrpc"] = "2.0",
            ["error"] = new JsonObject { ["code"] = (int)Code, ["message"] = Message },
            ["id"] = Id?.DeepClone(),
        };
        return context.Response.WriteAsync(body.ToJsonString(), context.RequestAborted);
    }
}
