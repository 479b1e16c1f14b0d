namespace Moru.Runtime;

/// <summary>
/// Uploads take turns, since none is kept before it is whole: a few of each team at a time, and of all teams no more than would fit
/// into what may be kept. The others wait, with their bodies unread. A team that has too many waiting is refused.
/// </summary>
internal sealed class UploadTurns(int atOnce) : IDisposable
{
    /// <summary>Uploads of one team that are taken at a time.</summary>
    public const int MaxRunning = 4;

    /// <summary>Uploads of one team that wait or are taken; a build has no more steps that could each have one.</summary>
    public const int MaxPending = 100;

    private readonly SemaphoreSlim all = new(atOnce, atOnce);
    private readonly Dictionary<string, TeamTurns> teams = new(StringComparer.Ordinal);

    /// <summary>Does the work of an upload when it is its turn.</summary>
    /// <exception cref="RuntimeException"><see cref="RuntimeError.LimitReached"/>: too many of the team wait already.</exception>
    public async Task<T> TakeAsync<T>(string teamId, Func<Task<T>> work, CancellationToken cancellationToken)
    {
        var team = Join(teamId);
        try
        {
            await team.Running.WaitAsync(cancellationToken);
            try
            {
                await all.WaitAsync(cancellationToken);
                try
                {
                    return await work();
                }
                finally
                {
                    all.Release();
                }
            }
            finally
            {
                team.Running.Release();
            }
        }
        finally
        {
            Leave(teamId, team);
        }
    }

    public void Dispose() => all.Dispose();

    private TeamTurns Join(string teamId)
    {
        lock (teams)
        {
            if (!teams.TryGetValue(teamId, out var team)) teams[teamId] = team = new TeamTurns();
            if (team.Pending >= MaxPending)
                throw new RuntimeException(RuntimeError.LimitReached, $"{MaxPending} uploads of the team wait or run already, which is the maximum; try again when some have ended.");
            team.Pending++;
            return team;
        }
    }

    private void Leave(string teamId, TeamTurns team)
    {
        lock (teams)
        {
            if (--team.Pending == 0) teams.Remove(teamId);
        }
    }

    /// <summary>It has no wait handle to release.</summary>
    private sealed class TeamTurns
    {
        public SemaphoreSlim Running { get; } = new(MaxRunning, MaxRunning);

        public int Pending { get; set; }
    }
}
