using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Moru.Protocol;
using Moru.Runtime;

namespace Moru.Server;

/// <summary>Listing, finding, publishing and deleting templates.</summary>
internal sealed class TemplateEndpoints(MoruRuntime runtime)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/templates", ListAsync);
        routes.MapGet("/templates/{id}", GetAsync);
        routes.MapDelete("/templates/{id}", DeleteAsync);
        routes.MapPatch("/templates/{id}", PublishAsync);
    }

    /// <summary>The team that a request is for.</summary>
    public static string Team(HttpContext context) => Templates.FirstTeam;

    public static string Id(HttpContext context) => (string)context.GetRouteValue("id")!;

    private Task ListAsync(HttpContext context) =>
        ApiBody.WriteAsync(context, StatusCodes.Status200OK, [.. runtime.Templates.List(Team(context)).Select(TemplateWire.ToInfo)], ApiJson.Default.IReadOnlyListTemplateInfo);

    private Task GetAsync(HttpContext context)
    {
        var limit = Paging.Limit(context.Request.Query);
        var after = Paging.After(context.Request.Query) is { } last ? new RunPosition(last.Time, last.Id) : null;
        var id = Id(context);
        if (runtime.Templates.Find(Team(context), id) is not { } listed || listed.Template.Id != id)
            throw new ApiException(StatusCodes.Status404NotFound, $"template '{id}' not found; give its id, not its alias");

        // One more than asked for tells whether there is a next page.
        var builds = runtime.Templates.ListBuilds(id, after, limit + 1);
        if (builds.Count > limit) context.Response.Headers[Headers.NextToken] = Paging.Token(builds[limit - 1].CreatedAt, builds[limit - 1].Id);
        return ApiBody.WriteAsync(context, StatusCodes.Status200OK, TemplateWire.ToDetail(listed.Template, builds.Take(limit)), ApiJson.Default.TemplateWithBuilds);
    }

    private async Task DeleteAsync(HttpContext context)
    {
        await runtime.Builds.DeleteTemplateAsync(Team(context), Id(context), context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task PublishAsync(HttpContext context)
    {
        var change = await ApiBody.ReadAsync(context, ApiJson.Default.TemplateChange);
        runtime.Templates.Publish(Team(context), Id(context), change.Public);
        context.Response.StatusCode = StatusCodes.Status200OK;
    }
}
