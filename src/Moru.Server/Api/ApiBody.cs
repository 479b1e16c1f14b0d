using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Moru.Server;

/// <summary>JSON bodies of the control plane, in and out.</summary>
internal static class ApiBody
{
    public static async Task<T> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type)
    {
        if (!context.Request.HasJsonContentType()) throw Invalid("the body must be application/json");
        return await JsonSerializer.DeserializeAsync(context.Request.Body, type, context.RequestAborted)
            ?? throw Invalid("the body must be a JSON object");
    }

    /// <summary>For endpoints whose body may be missing.</summary>
    public static Task<T> ReadOrAsync<T>(HttpContext context, T absent, JsonTypeInfo<T> type) =>
        context.Request.ContentLength is 0 || (context.Request.ContentLength is null && context.Request.ContentType is null)
            ? Task.FromResult(absent)
            : ReadAsync(context, type);

    public static Task WriteAsync<T>(HttpContext context, int status, T body, JsonTypeInfo<T> type)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(body, type, "application/json; charset=utf-8", context.RequestAborted);
    }

    public static ApiException Invalid(string problem) => new(StatusCodes.Status400BadRequest, "validation error: " + problem);
}
