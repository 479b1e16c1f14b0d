using Microsoft.AspNetCore.Http;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary><c>GET /files</c> and <c>POST /files</c>: bytes of one file, never held whole. Read and written with root's rights, as the contract asks.</summary>
internal sealed class FileTransfer(Settings settings)
{
    public async Task DownloadAsync(HttpContext context)
    {
        var (path, _) = Target(context);
        using var file = RegularFile.OpenRead(path, out var status);
        await new Download(context, file, status, path).SendAsync();
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
