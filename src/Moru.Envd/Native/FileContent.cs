using System.Runtime.InteropServices;

namespace Moru.Envd;

/// <summary>The content of a file on its way into a copy. Holes stay holes.</summary>
internal sealed unsafe partial class FileContent(int source, int target, FileStatus status) : IDisposable
{
    private const int SeekData = 3, SeekHole = 4, NoData = 6;
    private const nint BlockSize = 8 << 20;

    private long _at;
    private long _end;

    /// <summary>Copies some megabytes, and at the end the attributes.</summary>
    /// <returns>Null while there is more to do; then 0, or why it failed.</returns>
    public int? Step()
    {
        if (_at >= _end)
        {
            // A file system that knows no holes says that all is data.
            _at = Seek(source, _at, SeekData);
            if (_at < 0) return Posix.LastError == NoData ? Finish() : Posix.LastError;
            _end = Seek(source, _at, SeekHole);
            if (_end < 0) return Posix.LastError;
        }

        if (Seek(source, _at, 0) < 0 || Seek(target, _at, 0) < 0) return Posix.LastError;
        var count = SendFile(target, source, null, (nint)Math.Min(_end - _at, BlockSize));
        if (count < 0) return Posix.LastError;
        _at = count == 0 ? _end : _at + count;
        return null;
    }

    public void Dispose()
    {
        Posix.Close(target);
        Posix.Close(source);
    }

    private int Finish()
    {
        // A hole at the end is no data; the size is that of now, since the file may have grown meanwhile.
        if (FileStatus.Of(source) is not { } now || SetLength(target, now.Size) < 0) return Posix.LastError;
        return FileCopy.CopyAttributes(source, target, status);
    }

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static partial long Seek(int fd, long offset, int from);

    [LibraryImport("libc", EntryPoint = "sendfile", SetLastError = true)]
    private static partial nint SendFile(int target, int source, long* offset, nint count);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    private static partial int SetLength(int fd, long length);
}
