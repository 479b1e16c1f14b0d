using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using ModelContextProtocol;

namespace Moru.Mcp;

/// <summary>
/// Reads what clients send before the SDK does: as much of all of them as memory has room for, and nothing that it would fail on.
/// </summary>
internal sealed class HttpBodies
{
    // Of each body; with as many connections as there may be, half of what larger ones have together.
    private const int Free = 64 << 10;

    private readonly Budget budget = new(all: 256 << 20, each: 96 << 20);

    public Task InvokeAsync(HttpContext context, RequestDelegate next) =>
        HttpMethods.IsPost(context.Request.Method) && context.Features.Get<HttpOwner>() is { } owner ? ReadAsync(context, owner.Name, next) : next(context);

    private async Task ReadAsync(HttpContext context, string owner, RequestDelegate next)
    {
        using var body = new MemoryStream();
        var counted = 0L;
        try
        {
            var problem = IsJson(context.Request.ContentType) ? null : new HttpProblem(McpErrorCode.InvalidRequest, "the Content-Type must be application/json, in UTF-8");
            var chunk = new byte[16 << 10];
            while (problem is null && await context.Request.Body.ReadAsync(chunk, context.RequestAborted) is > 0 and var read)
            {
                body.Write(chunk, 0, read);
                var more = Math.Max(0, body.Length - Free) - counted;
                if (budget.TryTake(owner, more)) counted += more;
                else problem = new HttpProblem(McpErrorCode.InvalidRequest, "too much is being sent at the moment; send less at a time, or wait", StatusCodes.Status503ServiceUnavailable);
            }

            problem ??= JsonRpcBody.ProblemOrDefault(body.GetBuffer().AsMemory(0, (int)body.Length), context.Request.Headers["MCP-Protocol-Version"]);
            if (problem is null) await PassOnAsync(context, body, next);
            else await problem.WriteAsync(context);
        }
        finally
        {
            budget.Give(owner, counted);
        }
    }

    private static async Task PassOnAsync(HttpContext context, MemoryStream body, RequestDelegate next)
    {
        body.Position = 0;
        (context.Request.Body, context.Request.ContentType) = (body, "application/json");
        try
        {
            await next(context);
        }
        catch (JsonException) when (!context.Response.HasStarted)
        {
            await new HttpProblem(McpErrorCode.InvalidRequest, "the body is no JSON-RPC message").WriteAsync(context);
        }
    }

    private static bool IsJson(string? type) =>
        MediaTypeHeaderValue.TryParse(type, out var parsed)
        && parsed.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
        && (parsed.Charset.Length == 0 || HeaderUtilities.RemoveQuotes(parsed.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase));
}
