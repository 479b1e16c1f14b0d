using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Moru.Envd;

/// <summary>
/// Wakes who waits for a pipe or a terminal: one thread in epoll for all of them. .NET would block a pool thread for each pipe, and threads
/// count against the sandbox's limit of processes.
/// </summary>
internal sealed partial class Poller
{
    public const uint Readable = 0x1, Writable = 0x4;

    private const int ControlAdd = 1, ControlRemove = 2, ControlModify = 3;
    private const uint OneShot = 1u << 30;
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

    /// <summary>Makes a descriptor known, until it is forgotten.</summary>
    public void Add(int fd) => Control(ControlAdd, OneShot, fd);

    /// <summary>Completes when using <paramref name="fd"/> would not block, or when it is forgotten. May complete too early, never too late.</summary>
    public Task ReadyAsync(int fd, uint interest)
    {
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiters[fd] = ready;
        Control(ControlModify, interest | OneShot, fd);
        return ready.Task;
    }

    /// <summary>Wakes who waits for a descriptor that is about to be closed.</summary>
    public void Forget(int fd)
    {
        // Closing is not enough: the kernel watches the open file, of which a terminal's other direction is a duplicate.
        Control(ControlRemove, 0, fd);
        if (_waiters.TryRemove(fd, out var ready)) ready.TrySetResult();
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
