namespace Moru.Runtime;

public sealed partial class Sandboxes
{
    private static readonly TimeSpan ShortestRefresh = TimeSpan.FromSeconds(15);

    /// <summary>Ends the sandbox <paramref name="timeout"/> from now, sooner or later than before.</summary>
    public Task<SandboxRecord> SetTimeoutAsync(string id, TimeSpan timeout, CancellationToken cancellationToken) =>
        MoveEndAsync(id, timeout, (_, asked) => asked, cancellationToken);

    /// <summary>Lets the sandbox live at least <paramref name="duration"/> from now, which counts as 15 s when it is less; never shortens.</summary>
    public Task<SandboxRecord> RefreshAsync(string id, TimeSpan duration, CancellationToken cancellationToken) =>
        MoveEndAsync(id, duration > ShortestRefresh ? duration : ShortestRefresh, Later, cancellationToken);

    private async Task<SandboxRecord> MoveEndAsync(
        string id, TimeSpan timeout, Func<DateTimeOffset, DateTimeOffset, DateTimeOffset> choose, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        if (timeout < TimeSpan.Zero) throw NegativeTimeout();
        var sandbox = Visible(id);
        using (await sandbox.EnterAsync(cancellationToken))
        {
            if (!sandbox.IsVisible) throw NotFound(id);
            if (sandbox.Record.State is not SandboxPhase.Running)
                throw new RuntimeException(RuntimeError.SandboxNotFound, $"Sandbox '{id}' is paused and has no timeout; connect to it to resume it.");
            return MoveEnd(sandbox, timeout, choose);
        }
    }

    /// <summary>For the holder of the gate.</summary>
    private SandboxRecord MoveEnd(LiveSandbox sandbox, TimeSpan timeout, Func<DateTimeOffset, DateTimeOffset, DateTimeOffset> choose)
    {
        var record = sandbox.Record;
        var now = time.GetUtcNow();
        var longest = LongestLife(record.TeamId);
        var latest = record.StartedAt + longest;
        if (latest < now)
            throw new RuntimeException(RuntimeError.InvalidArgument, $"Max instance length exceeded: sandbox '{record.Id}' has run for {Hours(longest)}.");

        var asked = now + Least(timeout, longest);
        var end = choose(record.EndAt, asked < latest ? asked : latest);
        if (end == record.EndAt) return record;

        sandbox.Swap(Save(record with { EndAt = end }));
        Changed.Ring();
        DeadlineMoved.Ring();
        return sandbox.Record;
    }

    private void CheckTimeout(TimeSpan timeout, string team)
    {
        if (timeout < TimeSpan.Zero) throw NegativeTimeout();
        if (timeout > LongestLife(team))
            throw new RuntimeException(RuntimeError.InvalidArgument, $"Timeout cannot be greater than {Hours(LongestLife(team))}.");
    }

    private static string Hours(TimeSpan time) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{time.TotalHours:0.##} hours ({time.TotalSeconds:0} seconds)");

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private static TimeSpan Least(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static RuntimeException NegativeTimeout() => new(RuntimeError.InvalidArgument, "A timeout cannot be negative.");
}
