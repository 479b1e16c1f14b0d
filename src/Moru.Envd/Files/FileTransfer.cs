using Microsoft.AspNetCore.Http;
using Microsoft.Win32.SafeHandles;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary><c>GET /files</c> and <c>POST /files</c>: bytes of one file, never held whole. Read and written with root's rights, as the contract asks.</summary>
internal sealed class FileTransfer(Settings settings)
{
    private const int BlockSize = 64 << 10;

    public async Task DownloadAsync(HttpContext context)
    {
        var (path, _) = Target(context);
        using var file = RegularFile.OpenRead(path, out var status);
        var first = new byte[BlockSize];
        var count = await RandomAccess.ReadAsync(file, first, 0, context.RequestAborted);

        context.Response.ContentType = "application/octet-stream";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        // Files of /proc have size 0 and content all the same: their length is not known before.
        var length = status.Size > 0 || count == 0 ? status.Size : (long?)null;
        context.Response.ContentLength = length;
        if (HttpMethods.IsHead(context.Request.Method)) return;

        for (var sent = 0L; count > 0 && (length is null || sent < length);)
        {
            // A file that grows meanwhile is cut at the length that was promised.
            var block = first.AsMemory(0, (int)Math.Min(count, (length ?? long.MaxValue) - sent));
            await context.Response.BodyWriter.WriteAsync(block, context.RequestAborted);
            sent += block.Length;
            count = await RandomAccess.ReadAsync(file, first, sent, context.RequestAborted);
        }
    }

    public async Task UploadAsync(HttpContext context)
    {
        var (_, user) = Target(context);
        var upload = new Upload(user, context.Request.Query["path"].ToString() is { Length: > 0 } path ? path : null, settings.Current.Directory);
        var written = await upload.ReceiveAsync(context.Request, context.RequestAborted);
        await JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, written, EnvdJson.Default.IReadOnlyListWrittenFile);
    }

    private (string Path, User User) Target(HttpContext context)
    {
        var user = settings.Resolve(context.Request.Query["username"]);
        return (SandboxPath.Resolve(context.Request.Query["path"], user, settings.Current.Directory), user);
    }
}
