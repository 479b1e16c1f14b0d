using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Moru.Runtime;

namespace Moru.Server;

/// <summary><c>/health</c>: whether the server serves; <c>/ready</c>: whether it could also start a sandbox. Neither needs a key.</summary>
internal sealed class HealthEndpoints(MoruRuntime runtime, Drain drain)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health", context => AnswerAsync(context, drain.IsStopping ? "stopping" : null)).WithMetadata(Authentication.Open);
        routes.MapGet("/ready", context => AnswerAsync(context, drain.IsStopping ? "stopping" : runtime.EngineAnswers ? null : "the engine does not answer"))
            .WithMetadata(Authentication.Open);
    }

    private static Task AnswerAsync(HttpContext context, string? trouble)
    {
        context.Response.Headers.CacheControl = "no-store";
        if (trouble is null) return context.Response.WriteAsync("OK");
        return ApiErrors.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, trouble);
    }
}
