namespace Moru.Envd;

/// <summary>The threads that serve requests: a fixed number, made at the start and kept.</summary>
internal static class Workers
{
    // Enough that a few may wait for a disk or a kill while the others serve.
    private const int Count = 8;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private static Timer? _clock;

    /// <summary>
    /// Makes every thread that .NET would make on demand. A sandbox at its limit of processes gets no new thread, and .NET ends the whole
    /// process when it cannot have one; the project file says that idle workers stay.
    /// </summary>
    public static void Reserve()
    {
        if (!ThreadPool.SetMinThreads(Count, Count) || !ThreadPool.SetMaxThreads(Count, Count))
            throw new InvalidOperationException($"the thread pool does not take {Count} threads");

        using var ready = new CountdownEvent(Count);
        using var go = new ManualResetEventSlim();
        var workers = Enumerable.Range(0, Count).Select(_ => Task.Run(() =>
        {
            ready.Signal();
            go.Wait(Limit);
        })).ToArray();
        ready.Wait(Limit);
        go.Set();
        Task.WaitAll(workers, Limit);

        // The first timer makes the thread of all timers.
        _clock = new Timer(_ => { }, null, TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
    }
}
