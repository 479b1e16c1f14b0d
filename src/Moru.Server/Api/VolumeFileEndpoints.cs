using System.Buffers;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using Microsoft.Win32.SafeHandles;
using Moru.Protocol;
using Moru.Runtime;

namespace Moru.Server;

/// <summary>The files of a volume, which these endpoints know by its id alone.</summary>
internal sealed class VolumeFileEndpoints(MoruRuntime runtime)
{
    private const int DefaultPage = 100, MaxPage = 1000, BufferSize = 128 << 10;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/volumes/{volume}/files", ListAsync);
        routes.MapDelete("/volumes/{volume}/files", DeleteAsync);
        routes.MapPut("/volumes/{volume}/files/upload", UploadAsync);
        routes.MapGet("/volumes/{volume}/files/download", DownloadAsync);
    }

    private async Task ListAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var (limit, after) = (Limit(query), After(query));
        string? path = query["path"];
        var page = await runtime.Volumes.ListFilesAsync(
            Caller.TeamOf(context), VolumeEndpoints.Id(context), string.IsNullOrEmpty(path) ? "/" : path, after, limit, context.RequestAborted);
        var list = new VolumeFileList
        {
            Files = [.. page.Entries.Select(entry => ToWire(page.Path, entry))],
            NextToken = page.Last is null ? null : Convert.ToBase64String(page.Last),
        };
        await ApiBody.WriteAsync(context, StatusCodes.Status200OK, list, ApiJson.Default.VolumeFileList);
    }

    private async Task UploadAsync(HttpContext context)
    {
        var path = PathOf(context);
        // The volume sets the limit.
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
        var file = await runtime.Volumes.UploadAsync(
            Caller.TeamOf(context), VolumeEndpoints.Id(context), path, context.Request.Body, context.RequestAborted);
        await ApiBody.WriteAsync(context, StatusCodes.Status201Created, new UploadedVolumeFile(file.Path, file.Size), ApiJson.Default.UploadedVolumeFile);
    }

    private async Task DeleteAsync(HttpContext context)
    {
        var path = PathOf(context);
        string? text = context.Request.Query["recursive"];
        var recursive = false;
        if (!string.IsNullOrEmpty(text) && !bool.TryParse(text, out recursive)) throw ApiBody.Invalid("recursive must be true or false");
        await runtime.Volumes.DeleteFileAsync(Caller.TeamOf(context), VolumeEndpoints.Id(context), path, recursive, context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task DownloadAsync(HttpContext context)
    {
        var path = PathOf(context);
        var (file, name) = await runtime.Volumes.OpenFileAsync(Caller.TeamOf(context), VolumeEndpoints.Id(context), path, context.RequestAborted);
        using var content = file;
        var length = RandomAccess.GetLength(file);

        var response = context.Response;
        var (first, count) = Range(context.Request, response, length);
        var disposition = new ContentDispositionHeaderValue("attachment");
        disposition.SetHttpFileName(name);
        response.Headers.ContentDisposition = disposition.ToString();
        // Whatever a sandbox wrote, a browser does not run it as a page of this server.
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.AcceptRanges = "bytes";
        response.ContentType = "application/octet-stream";
        response.ContentLength = count;
        await SendAsync(file, first, count, context);
    }

    /// <summary>What is sent, of a file that has a length now: what is added meanwhile is left out, and what is cut off ends the connection.</summary>
    private static async Task SendAsync(SafeFileHandle file, long first, long count, HttpContext context)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            while (count > 0)
            {
                var read = await RandomAccess.ReadAsync(file, buffer.AsMemory(0, (int)Math.Min(buffer.Length, count)), first, context.RequestAborted);
                if (read == 0)
                {
                    context.Abort();
                    return;
                }

                await context.Response.Body.WriteAsync(buffer.AsMemory(0, read), context.RequestAborted);
                first += read;
                count -= read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>One range at most; more of them, like one that cannot be read, get the whole file.</summary>
    private static (long First, long Count) Range(HttpRequest request, HttpResponse response, long length)
    {
        if (!RangeHeaderValue.TryParse(request.Headers.Range.ToString(), out var header) || header.Unit != "bytes" || header.Ranges.Count != 1) return (0, length);
        var range = header.Ranges.First();
        var first = range.From ?? Math.Max(0, length - range.To!.Value);
        var last = range.From is null ? length - 1 : Math.Min(range.To ?? long.MaxValue, length - 1);
        if (first > last)
        {
            response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{length}");
            throw new ApiException(StatusCodes.Status416RangeNotSatisfiable, $"the file has {length} bytes");
        }

        response.StatusCode = StatusCodes.Status206PartialContent;
        response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {first}-{last}/{length}");
        return (first, last - first + 1);
    }

    private static string PathOf(HttpContext context)
    {
        string? path = context.Request.Query["path"];
        return string.IsNullOrEmpty(path) ? throw ApiBody.Invalid("query parameter path is missing") : path;
    }

    private static int Limit(IQueryCollection query)
    {
        string? text = query["limit"];
        if (string.IsNullOrEmpty(text)) return DefaultPage;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= MaxPage
            ? limit
            : throw ApiBody.Invalid($"limit must be 1 to {MaxPage}");
    }

    /// <summary>A token is the last name of the page before, so that what comes and goes meanwhile shifts nothing.</summary>
    private static byte[]? After(IQueryCollection query)
    {
        string? token = query["nextToken"];
        if (string.IsNullOrEmpty(token)) return null;
        try
        {
            return Convert.FromBase64String(token);
        }
        catch (FormatException)
        {
            throw new ApiException(StatusCodes.Status400BadRequest, "Invalid next token");
        }
    }

    private static VolumeFile ToWire(string directory, VolumeEntry entry) => new()
    {
        Name = entry.Name,
        Path = directory == "/" ? "/" + entry.Name : $"{directory}/{entry.Name}",
        Type = entry.IsDirectory ? VolumeFileType.Directory : VolumeFileType.File,
        Size = entry.Size,
        ModifiedAt = entry.ModifiedAt,
    };
}
