using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Moru.Protocol;
using Moru.Runtime;

namespace Moru.Server;

/// <summary>The one place where failures become answers of the control plane, always <c>{code, message}</c>.</summary>
internal static partial class ApiErrors
{
    public static Func<HttpContext, RequestDelegate, Task> Middleware(ILogger logger) => async (context, next) =>
    {
        try
        {
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: StatusCodes.Status404NotFound })
                await WriteAsync(context, StatusCodes.Status404NotFound, $"no such endpoint: {context.Request.Method} {context.Request.Path}");
            else if (context.Response is { HasStarted: false, StatusCode: StatusCodes.Status405MethodNotAllowed })
                await WriteAsync(context, StatusCodes.Status405MethodNotAllowed, $"method {context.Request.Method} is not offered at {context.Request.Path}");
        }
        catch (RuntimeException error)
        {
            await WriteAsync(context, Status(error.Error), error.Message);
        }
        catch (ApiException error)
        {
            await WriteAsync(context, error.Status, error.Message);
        }
        catch (JsonException error)
        {
            await WriteAsync(context, StatusCodes.Status400BadRequest, Describe(error));
        }
        catch (BadHttpRequestException error)
        {
            await WriteAsync(context, error.StatusCode, error.Message);
        }
        catch (Exception error) when (error is not OperationCanceledException || !context.RequestAborted.IsCancellationRequested)
        {
            Log.Failed(logger, context.TraceIdentifier, context.Request.Method, context.Request.Path, error);
            await WriteAsync(context, StatusCodes.Status500InternalServerError, $"internal error; the server's log has it under {context.TraceIdentifier}");
        }
    };

    public static Task WriteAsync(HttpContext context, int status, string message)
    {
        if (context.Response.HasStarted) return Task.CompletedTask;
        context.Response.Clear();
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(new ApiError(status, message), ApiJson.Default.ApiError, "application/json; charset=utf-8");
    }

    private static int Status(RuntimeError error) => error switch
    {
        RuntimeError.SandboxNotFound or RuntimeError.TemplateNotFound or RuntimeError.BuildNotFound or RuntimeError.VolumeNotFound or RuntimeError.VolumeFileNotFound
            or RuntimeError.TeamNotFound => StatusCodes.Status404NotFound,
        RuntimeError.InvalidArgument => StatusCodes.Status400BadRequest,
        RuntimeError.Conflict => StatusCodes.Status409Conflict,
        RuntimeError.LimitReached => StatusCodes.Status429TooManyRequests,
        RuntimeError.EngineUnavailable or RuntimeError.Draining or RuntimeError.TemplateNotPrepared => StatusCodes.Status503ServiceUnavailable,
        RuntimeError.VolumeFull or RuntimeError.StorageFull => StatusCodes.Status507InsufficientStorage,
        _ => StatusCodes.Status500InternalServerError,
    };

    private static string Describe(JsonException error) => error.Path + (error.InnerException as JsonException)?.Path?[1..] is { Length: > 0 } path && path != "$"
        ? $"validation error: member '{path.TrimStart('$', '.')}' has the wrong type"
        : $"validation error: {error.Message}";

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Request {RequestId} {Method} {Path} failed")]
        public static partial void Failed(ILogger logger, string requestId, string method, string path, Exception error);
    }
}

/// <summary>A request that the HTTP layer itself refuses.</summary>
internal sealed class ApiException(int status, string message) : Exception(message)
{
    public int Status { get; } = status;
}
