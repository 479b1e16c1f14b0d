using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Moru.Mcp;

/// <summary>A refusal that never reached MCP, in the form of the SDK's own.</summary>
internal static class HttpProblem
{
    private const int ServerError = -32000;
    private const string RetrySeconds = "5";

    public static Task WriteAsync(HttpContext context, int status, string message)
    {
        context.Response.StatusCode = status;
        if (status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable) context.Response.Headers.RetryAfter = RetrySeconds;
        context.Response.ContentType = "application/json";
        var body = new JsonObject
        {
            ["jsonrpc"] = "2.0",
            ["error"] = new JsonObject { ["code"] = ServerError, ["message"] = message },
            ["id"] = null,
        };
        return context.Response.WriteAsync(body.ToJsonString(), context.RequestAborted);
    }
}
