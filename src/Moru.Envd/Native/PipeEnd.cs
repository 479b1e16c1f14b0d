namespace Moru.Envd;

/// <summary>Our end of a process's pipe. Owns the descriptor.</summary>
internal sealed class PipeEnd : IDisposable
{
    private readonly Poller _poller;
    private int _fd;

    private PipeEnd(int fd, Poller poller) => (_fd, _poller) = (fd, poller);

    public static PipeEnd Own(int fd, Poller poller)
    {
        Posix.FileControl(fd, Posix.SetFlags, Posix.NonBlocking);
        poller.Add(fd);
        return new PipeEnd(fd, poller);
    }

    /// <summary>Reads what is there, waiting for it.</summary>
    /// <returns>Number of bytes; 0 at the end of the stream.</returns>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TryRead(buffer.Span, out var count)) return count;
            await _poller.WaitReadableAsync(_fd, cancellationToken);
        }
    }

    /// <summary>Reads what is there.</summary>
    /// <returns>False when nothing is there now but more may come.</returns>
    public unsafe bool TryRead(Span<byte> buffer, out int count)
    {
        fixed (byte* start = buffer)
        {
            nint read;
            do read = Posix.Read(_fd, start, buffer.Length);
            while (read < 0 && Posix.LastError == Posix.Interrupted);
            count = (int)Math.Max(read, 0);
            return read >= 0 || Posix.LastError != Posix.Again;
        }
    }

    public void Dispose()
    {
        var fd = Interlocked.Exchange(ref _fd, -1);
        if (fd >= 0) Posix.Close(fd);
    }
}
