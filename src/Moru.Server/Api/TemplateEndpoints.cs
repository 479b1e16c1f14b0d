using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Moru.Protocol;
using Moru.Runtime;

namespace Moru.Server;

/// <summary>Listing, finding, publishing and deleting templates.</summary>
internal sealed class TemplateEndpoints(MoruRuntime runtime)
{
    /// <summary>What calls about templates accept that the command line of the official SDKs makes.</summary>
    public const Accepted KeyOrToken = Accepted.ApiKey | Accepted.AccessToken;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/templates", ListAsync).Accepting(KeyOrToken);
        routes.MapGet("/templates/{id}", GetAsync);
        routes.MapDelete("/templates/{id}", DeleteAsync).Accepting(KeyOrToken);
        routes.MapPatch("/templates/{id}", PublishAsync).Accepting(KeyOrToken);
    }

    public static string Id(HttpContext context) => (string)context.GetRouteValue("id")!;

    private Task ListAsync(HttpContext context) =>
        ApiBody.WriteAsync(context, StatusCodes.Status200OK, [.. runtime.Templates.List(Caller.TeamIfNamed(context, context.Request.Query["teamID"])).Select(TemplateWire.ToInfo)], ApiJson.Default.IReadOnlyListTemplateInfo);

    private Task GetAsync(HttpContext context)
    {
        var limit = Paging.Limit(context.Request.Query);
        var after = Paging.After(context.Request.Query) is { } last ? new RunPosition(last.Time, last.Id) : null;
        var id = Id(context);
        if (runtime.Templates.Find(Caller.TeamOf(context), id) is not { } listed || listed.Template.Id != id)
            throw new ApiException(StatusCodes.Status404NotFound, $"template '{id}' not found; give its id, not its alias");

        // One more than asked for tells whether there is a next page.
        var builds = runtime.Templates.ListBuilds(id, after, limit + 1);
        if (builds.Count > limit) context.Response.Headers[Headers.NextToken] = Paging.Token(builds[limit - 1].CreatedAt, builds[limit - 1].Id);
        return ApiBody.WriteAsync(context, StatusCodes.Status200OK, TemplateWire.ToDetail(listed.Template, builds.Take(limit)), ApiJson.Default.TemplateWithBuilds);
    }

    private async Task DeleteAsync(HttpContext context)
    {
        await runtime.Builds.DeleteTemplateAsync(Caller.TeamOf(context), Id(context), context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task PublishAsync(HttpContext context)
    {
        var change = await ApiBody.ReadAsync(context, ApiJson.Default.TemplateChange);
        runtime.Templates.Publish(Caller.TeamOf(context), Id(context), change.Public);
        context.Response.StatusCode = StatusCodes.Status200OK;
    }
}
