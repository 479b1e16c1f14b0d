using System.Runtime.InteropServices;

namespace Moru.Envd;

/// <summary>One event of the kernel. <paramref name="Position"/> counts the bytes of all events up to the end of this one.</summary>
internal readonly record struct InotifyEvent(int Watch, uint Mask, uint Cookie, string Name, long Position)
{
    public bool Has(uint bits) => (Mask & bits) != 0;
}

/// <summary>An inotify instance. Whoever reads it disposes it, so that nobody reads a descriptor that belongs to another file already.</summary>
internal sealed partial class Inotify : IDisposable
{
    public const uint Modified = 0x2, AttributesChanged = 0x4, MovedFrom = 0x40, MovedTo = 0x80, Created = 0x100, Deleted = 0x200;
    public const uint SelfDeleted = 0x400, SelfMoved = 0x800, Unmounted = 0x2000, Overflowed = 0x4000, Ignored = 0x8000, OfDirectory = 0x4000_0000;

    private const uint OnlyDirectories = 0x100_0000, NoLink = 0x200_0000;
    private const uint Interest = Modified | AttributesChanged | MovedFrom | MovedTo | Created | Deleted | SelfDeleted | SelfMoved | OnlyDirectories;
    private const int HeaderLength = 16;
    private const nuint QueuedBytes = 0x541B;

    private readonly byte[] _buffer = new byte[64 << 10];
    private readonly PipeEnd _end;
    private int _fd;
    private long _received;

    private Inotify(int fd, Poller poller) => (_fd, _end) = (fd, PipeEnd.Own(fd, poller));

    /// <summary>Where the queue ends now: events at this position or before have happened.</summary>
    public unsafe long QueueEnd
    {
        get
        {
            int queued;
            return Control(_fd, QueuedBytes, &queued) == 0 ? _received + queued : _received;
        }
    }

    /// <returns>Null with the reason in <see cref="Posix.LastError"/>.</returns>
    public static Inotify? OpenOrDefault(Poller poller)
    {
        var fd = Open(Posix.CloseOnExec);
        return fd < 0 ? null : new Inotify(fd, poller);
    }

    /// <summary>Watches a directory.</summary>
    /// <returns>Its number, the same for the same directory; negative with the reason in <see cref="Posix.LastError"/>.</returns>
    public int Add(string path, bool followLink) => AddWatch(_fd, path, followLink ? Interest : Interest | NoLink);

    public void Remove(int watch) => RemoveWatch(_fd, watch);

    /// <summary>The next events, waiting for them.</summary>
    public async ValueTask<List<InotifyEvent>> ReadAsync(CancellationToken cancellationToken) => Parse(await _end.ReadAsync(_buffer, cancellationToken));

    public void Dispose()
    {
        _fd = -1;
        _end.Dispose();
    }

    private unsafe List<InotifyEvent> Parse(int length)
    {
        var events = new List<InotifyEvent>();
        fixed (byte* buffer = _buffer)
        {
            for (var at = 0; at < length;)
            {
                var header = (uint*)(buffer + at);
                at += HeaderLength + (int)header[3];
                var name = header[3] == 0 ? "" : EntryName.Of(MemoryMarshal.CreateReadOnlySpanFromNullTerminated((byte*)(header + 4))).ToString();
                events.Add(new InotifyEvent((int)header[0], header[1], header[2], name, _received + at));
            }
        }

        _received += length;
        return events;
    }

    [LibraryImport("libc", EntryPoint = "inotify_init1", SetLastError = true)]
    private static partial int Open(int flags);

    [LibraryImport("libc", EntryPoint = "inotify_add_watch", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int AddWatch(int fd, string path, uint mask);

    [LibraryImport("libc", EntryPoint = "inotify_rm_watch", SetLastError = true)]
    private static partial int RemoveWatch(int fd, int watch);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static unsafe partial int Control(int fd, nuint request, int* value);
}
