using System.Threading.Channels;

namespace Moru.Runtime;

/// <summary>Wakes one loop at a time of day, or when somebody rings. Rings while the loop is busy count as one.</summary>
internal sealed class Alarm(TimeProvider time)
{
    // Timers do not notice that the wall clock was set, or that the machine slept: look again at least this often.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private readonly Channel<bool> rings = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Ring() => rings.Writer.TryWrite(true);

    public async Task WaitAsync(Func<DateTimeOffset> due, CancellationToken cancellationToken)
    {
        // Also when it is late already: a loop that never waits would never hear that it is over.
        cancellationToken.ThrowIfCancellationRequested();
        var wait = due() - time.GetUtcNow();
        if (wait <= TimeSpan.Zero) return;
        if (wait > LongestWait) wait = LongestWait;

        using var timer = time.CreateTimer(_ => Ring(), null, wait, Timeout.InfiniteTimeSpan);
        // The clock may have moved between reading it and setting the timer.
        if (due() <= time.GetUtcNow()) return;
        await rings.Reader.ReadAsync(cancellationToken);
    }
}
