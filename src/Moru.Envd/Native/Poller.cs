using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Moru.Envd;

/// <summary>
/// Wakes readers of pipes: one thread in epoll for all of them. .NET would block a pool thread for each pipe, and threads
/// count against the sandbox's limit of processes.
/// </summary>
internal sealed partial class Poller
{
    private const int ControlAdd = 1, ControlModify = 3;
    private const uint Readable = 0x1, OneShot = 1u << 30;
    private const int BatchSize = 64;

    // The kernel packs struct epoll_event on x64 and on no other architecture.
    private static readonly int EventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int DataOffset = EventSize - sizeof(long);

    private readonly ConcurrentDictionary<int, TaskCompletionSource> _waiters = new();
    private readonly int _epoll;

    public Poller()
    {
        _epoll = CreateEpoll(Posix.CloseOnExec);
        if (_epoll < 0) throw new IOException($"epoll_create1: {Posix.Describe(Posix.LastError)}");
        new Thread(Run) { IsBackground = true, Name = "poller" }.Start();
    }

    /// <summary>Makes a descriptor known; closing it makes it forgotten.</summary>
    public void Add(int fd) => Control(ControlAdd, Readable | OneShot, fd);

    /// <summary>Completes when reading <paramref name="fd"/> would not block. May complete too early, never too late.</summary>
    public async Task WaitReadableAsync(int fd, CancellationToken cancellationToken)
    {
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiters[fd] = ready;
        Control(ControlModify, Readable | OneShot, fd);
        await ready.Task.WaitAsync(cancellationToken);
    }

    private unsafe void Run()
    {
        var events = stackalloc byte[EventSize * BatchSize];
        while (true)
        {
            var count = WaitEpoll(_epoll, events, BatchSize, -1);
            for (var i = 0; i < count; i++)
            {
                var fd = *(int*)(events + (i * EventSize) + DataOffset);
                if (_waiters.TryRemove(fd, out var ready)) ready.TrySetResult();
            }
        }
    }

    private unsafe void Control(int operation, uint interest, int fd)
    {
        var entry = stackalloc byte[EventSize];
        *(uint*)entry = interest;
        *(long*)(entry + DataOffset) = fd;
        if (ControlEpoll(_epoll, operation, fd, entry) < 0) throw new IOException($"epoll_ctl: {Posix.Describe(Posix.LastError)}");
    }

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int CreateEpoll(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static unsafe partial int ControlEpoll(int epoll, int operation, int fd, byte* entry);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static unsafe partial int WaitEpoll(int epoll, byte* events, int size, int timeout);
}
