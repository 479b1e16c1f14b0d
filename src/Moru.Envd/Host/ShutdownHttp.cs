using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Http;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>
/// <c>POST /shutdown</c>: puts on disk what the sandbox wrote, before the engine ends it. It ends nothing itself and is harmless at any time,
/// because in a sandbox without a token every process inside may call it.
/// </summary>
internal sealed class ShutdownHttp
{
    private readonly Lock _gate = new();
    private Task<int> _last = Task.FromResult(0);

    public async Task FlushAsync(HttpContext context)
    {
        if (await Flush().WaitAsync(context.RequestAborted) is not 0 and var error)
            throw new ConnectException(ConnectCode.Internal, $"cannot flush the disk: {Posix.Describe(error)}");
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    // One after the other: however many ask, one worker at most waits for the disk.
    private Task<int> Flush()
    {
        lock (_gate)
        {
            return _last = _last.ContinueWith(_ => Posix.FlushFilesystem("/"), TaskScheduler.Default);
        }
    }
}

internal static partial class Posix
{
    [LibraryImport(Libc, EntryPoint = "syncfs", SetLastError = true)]
    private static partial int FlushFilesystem(int fd);

    /// <summary>Writes the file system that holds <paramref name="path"/> to its disk.</summary>
    /// <returns>0, or the error.</returns>
    public static int FlushFilesystem(string path)
    {
        var fd = Open(path, ReadOnly | CloseOnExec, 0);
        if (fd < 0) return LastError;
        var error = FlushFilesystem(fd) < 0 ? LastError : 0;
        Close(fd);
        return error;
    }
}
