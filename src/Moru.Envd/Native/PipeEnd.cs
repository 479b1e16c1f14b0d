using System.Runtime.InteropServices;

namespace Moru.Envd;

/// <summary>Our end of a process's pipe, or one direction of its terminal. Owns the descriptor.</summary>
internal sealed partial class PipeEnd : IDisposable
{
    private readonly Poller _poller;
    // A call may still write while the process ends: no number is used once it is closed, for it is soon another file's.
    private readonly Lock _gate = new();
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
            await ReadyAsync(Poller.Readable).WaitAsync(cancellationToken);
        }
    }

    /// <summary>Reads what is there.</summary>
    /// <returns>False when nothing is there now but more may come.</returns>
    public unsafe bool TryRead(Span<byte> buffer, out int count)
    {
        lock (_gate)
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
    }

    /// <summary>Writes everything, waiting while the process does not read.</summary>
    /// <exception cref="IOException">Nobody can read it any more.</exception>
    public async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            if (TryWrite(bytes.Span) is var count and > 0) bytes = bytes[count..];
            else await ReadyAsync(Poller.Writable).WaitAsync(cancellationToken);
        }
    }

    /// <summary>Tells the terminal, and the program in its foreground, a new size.</summary>
    /// <exception cref="IOException">The terminal is gone.</exception>
    public void Resize(TerminalSize size)
    {
        lock (_gate)
        {
            if (_fd < 0 || Terminal.SetSize(_fd, size) < 0) throw new IOException("the terminal is gone");
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_fd < 0) return;
            _poller.Forget(_fd);
            Posix.Close(_fd);
            _fd = -1;
        }
    }

    private unsafe int TryWrite(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            fixed (byte* start = bytes)
            {
                nint written;
                do written = Write(_fd, start, bytes.Length);
                while (written < 0 && Posix.LastError == Posix.Interrupted);
                if (written < 0 && Posix.LastError != Posix.Again) throw new IOException(Posix.Describe(Posix.LastError));
                return (int)Math.Max(written, 0);
            }
        }
    }

    private Task ReadyAsync(uint interest)
    {
        lock (_gate) return _fd < 0 ? Task.CompletedTask : _poller.ReadyAsync(_fd, interest);
    }

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static unsafe partial nint Write(int fd, byte* bytes, nint count);
}
