using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Moru.Protocol;
using Moru.Runtime;

namespace Moru.Server;

/// <summary>Making, finding and deleting volumes.</summary>
internal sealed class VolumeEndpoints(MoruRuntime runtime)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/volumes", CreateAsync);
        routes.MapGet("/volumes", ListAsync);
        routes.MapGet("/volumes/{volume}", GetAsync);
        routes.MapDelete("/volumes/{volume}", DeleteAsync);
        new VolumeFileEndpoints(runtime).Map(routes);
    }

    /// <summary>The volume that the path names.</summary>
    public static string Id(HttpContext context) => (string)context.GetRouteValue("volume")!;

    private async Task CreateAsync(HttpContext context)
    {
        var body = await ApiBody.ReadAsync(context, ApiJson.Default.NewVolume);
        var (volume, created) = runtime.Volumes.Create(Caller.TeamOf(context), body.Name);
        await ApiBody.WriteAsync(context, created ? StatusCodes.Status201Created : StatusCodes.Status200OK, ToWire(volume), ApiJson.Default.VolumeDetail);
    }

    private Task ListAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var limit = Paging.Limit(query);
        var after = Paging.After(query) is { } last ? new VolumePosition(last.Time, last.Id) : null;
        // One more than asked for tells whether there is a next page.
        var volumes = runtime.Volumes.List(Caller.TeamOf(context), after, limit + 1);
        if (volumes.Count > limit) context.Response.Headers[Headers.NextToken] = Paging.Token(volumes[limit - 1].CreatedAt, volumes[limit - 1].Id);
        return ApiBody.WriteAsync(context, StatusCodes.Status200OK, [.. volumes.Take(limit).Select(ToWire)], ApiJson.Default.IReadOnlyListVolumeDetail);
    }

    private Task GetAsync(HttpContext context)
    {
        var volume = runtime.Volumes.Find(Caller.TeamOf(context), Id(context)) ?? throw NotFound(Id(context));
        return ApiBody.WriteAsync(context, StatusCodes.Status200OK, ToWire(volume), ApiJson.Default.VolumeDetail);
    }

    private async Task DeleteAsync(HttpContext context)
    {
        if (!await runtime.Volumes.DeleteAsync(Caller.TeamOf(context), Id(context))) throw NotFound(Id(context));
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static VolumeDetail ToWire(VolumeRecord volume) => new()
    {
        VolumeId = volume.Id,
        Name = volume.Name,
        TotalSizeBytes = volume.TotalBytes,
        TotalFileCount = volume.TotalFiles,
        CreatedAt = volume.CreatedAt,
        UpdatedAt = volume.UpdatedAt,
    };

    private static ApiException NotFound(string id) => new(StatusCodes.Status404NotFound, $"Volume not found: '{id}'; give the id or the name of a volume that is in the list.");
}
