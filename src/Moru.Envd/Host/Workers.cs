namespace Moru.Envd;

/// <summary>The threads that serve requests.</summary>
internal static class Workers
{
    /// <summary>Makes them now, while the sandbox has processes to spare; the project file says that they stay.</summary>
    public static void Reserve()
    {
        ThreadPool.GetMinThreads(out var count, out _);
        using var all = new Barrier(count + 1);
        for (var i = 0; i < count; i++) ThreadPool.UnsafeQueueUserWorkItem(barrier => barrier.SignalAndWait(), all, preferLocal: false);
        all.SignalAndWait(TimeSpan.FromSeconds(1));
    }
}
