namespace Moru.Envd;

/// <summary>
/// Ends the sandbox ten minutes after its deadline when nobody came to move it: then its server is gone for good. Counts time that
/// passed for envd, not the clock on the wall, which anyone may set; a sandbox that was frozen gets the ten minutes again.
/// </summary>
internal sealed class DeadlineGuard : IDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(10);

    // A look every so often is what shows that time passed without us.
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Lateness = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly Action _end;
    private readonly ITimer _timer;
    private TimeSpan _left = TimeSpan.MaxValue;
    private TimeSpan _pause;
    private long _lookedAt;

    public DeadlineGuard(TimeProvider time, Action end)
    {
        _time = time;
        _end = end;
        _timer = time.CreateTimer(_ => Look(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The deadline is so far away, or so long over when negative. Replaces the one before.</summary>
    public void Set(TimeSpan untilDeadline)
    {
        lock (_gate)
        {
            _left = untilDeadline + Grace;
            Wait();
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        lock (_gate)
        {
            var passed = _time.GetElapsedTime(_lookedAt);
            var wasFrozen = passed > _pause + Lateness;
            _left = wasFrozen ? Max(_left, Grace) : _left - passed;
            if (_left > TimeSpan.Zero) Wait();
            else _end();
        }
    }

    private void Wait()
    {
        _lookedAt = _time.GetTimestamp();
        _pause = Max(TimeSpan.Zero, _left < LongestPause ? _left : LongestPause);
        _timer.Change(_pause, Timeout.InfiniteTimeSpan);
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
