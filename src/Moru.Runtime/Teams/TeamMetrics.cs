namespace Moru.Runtime;

/// <summary>Samples of what each team uses, kept for a week. Teams that do nothing take no room.</summary>
public sealed class TeamMetrics
{
    /// <summary>How long samples are kept.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(7);

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);
    private const int MostPoints = 1000;

    private readonly Sandboxes sandboxes;
    private readonly RuntimeStore store;
    private readonly TimeProvider time;
    private HashSet<string> busyBefore = [];

    internal TeamMetrics(Sandboxes sandboxes, RuntimeStore store, TimeProvider time)
    {
        this.sandboxes = sandboxes;
        this.store = store;
        this.time = time;
    }

    /// <summary>At most a thousand points, the oldest first; of those that fall together, the highest values.</summary>
    /// <exception cref="RuntimeException"><see cref="RuntimeError.InvalidArgument"/>: it ends before it starts.</exception>
    public IReadOnlyList<TeamSample> Load(string teamId, DateTimeOffset? start, DateTimeOffset? end)
    {
        var until = end ?? time.GetUtcNow();
        var from = start ?? until - Kept;
        if (from > until) throw new RuntimeException(RuntimeError.InvalidArgument, "start must not be after end.");

        // Nothing older is kept, so that a wider range asks for no more.
        var oldest = time.GetUtcNow() - Kept - Interval;
        if (from < oldest) from = oldest;
        var step = Math.Max(Interval.TotalSeconds, Math.Ceiling((until - from).TotalSeconds / MostPoints));
        return store.LoadSamples(teamId, from, until, TimeSpan.FromSeconds(step));
    }

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        var before = time.GetUtcNow();
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            var now = time.GetUtcNow();
            if (now > before) Take(now, now - before);
            before = now;
        }
    }

    private void Take(DateTimeOffset now, TimeSpan since)
    {
        var running = sandboxes.CountByTeam();
        var started = sandboxes.TakeStarts();
        var busy = running.Keys.Concat(started.Keys).ToHashSet();
        // One sample with zeros ends a line of others.
        var samples = busy.Union(busyBefore).Select(team => new TeamSample(
            team, now, running.GetValueOrDefault(team), started.GetValueOrDefault(team) / since.TotalSeconds)).ToList();
        busyBefore = busy;
        if (samples.Count > 0) store.Add(samples, now - Kept);
    }
}
