using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary><c>POST /init</c> and <c>GET /envs</c>.</summary>
internal sealed class InitHttp(Settings settings)
{
    private const long MaxBody = 4 << 20;

    public async Task InitAsync(HttpContext context)
    {
        if (context.Request.ContentLength > MaxBody)
            throw new ConnectException(ConnectCode.InvalidArgument, $"init request is larger than the limit of {MaxBody} bytes");
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = MaxBody;
        settings.Apply(await ReadAsync(context));
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        context.Response.Headers.CacheControl = "no-store";
    }

    public Task EnvironmentAsync(HttpContext context) =>
        JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, settings.Current.Environment, EnvdJson.Default.IReadOnlyDictionaryStringString);

    private static async Task<InitRequest> ReadAsync(HttpContext context)
    {
        // The contract makes every member optional, the body included.
        if (context.Request.ContentLength == 0) return new InitRequest();
        try
        {
            return await JsonSerializer.DeserializeAsync(context.Request.BodyReader, EnvdJson.Default.InitRequest, context.RequestAborted) ?? new InitRequest();
        }
        catch (JsonException exception)
        {
            throw new ConnectException(ConnectCode.InvalidArgument, $"invalid init request: {exception.Message}");
        }
    }
}
