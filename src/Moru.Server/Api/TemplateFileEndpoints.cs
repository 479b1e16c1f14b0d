using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Moru.Protocol;
using Moru.Runtime;

namespace Moru.Server;

/// <summary>Uploads for COPY steps. The URL itself is the permission: one official client sends no key with it.</summary>
internal sealed class TemplateFileEndpoints(MoruRuntime runtime)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/templates/{id}/files/{hash}", LinkAsync).Accepting(TemplateEndpoints.KeyOrToken);
        routes.MapPut("/template-files/{hash}", UploadAsync).Accepting(Accepted.None);
    }

    private Task LinkAsync(HttpContext context)
    {
        var team = Caller.TeamOf(context);
        var id = TemplateEndpoints.Id(context);
        if (runtime.Templates.Find(team, id) is not { } listed || listed.Template.TeamId != team)
            throw new ApiException(StatusCodes.Status404NotFound, $"template '{id}' not found");

        var hash = Hash(context);
        var url = $"{context.Request.Scheme}://{context.Request.Host}/template-files/{hash}?{runtime.Files.Grant(team, hash)}";
        return ApiBody.WriteAsync(context, StatusCodes.Status201Created, new TemplateUpload(runtime.Files.Has(team, hash), url), ApiJson.Default.TemplateUpload);
    }

    private async Task UploadAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var hash = Hash(context);
        string? team = query["team"];
        if (!runtime.Files.IsGranted(team, hash, query["expires"], query["signature"]))
            throw new ApiException(StatusCodes.Status403Forbidden, "this upload URL is not valid or has expired; ask for a new one");

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = runtime.Files.MaxUploadBytes;
        await runtime.Files.AddAsync(team!, hash, context.Request.Body, context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status200OK;
    }

    private static string Hash(HttpContext context) => (string)context.GetRouteValue("hash")!;
}
