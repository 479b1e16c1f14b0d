using System.Collections.Concurrent;

namespace Moru.Runtime;

public sealed partial class Sandboxes
{
    private readonly Teams teams;
    private readonly ConcurrentDictionary<string, int> starts = new(StringComparer.Ordinal);

    /// <summary>While set, no sandbox is created; those that exist go on, and paused ones can be resumed.</summary>
    public bool IsDraining { get; set; }

    /// <summary>How many creates succeeded and failed since this runtime was opened. One that was refused is neither.</summary>
    public (long Successes, long Fails) Creates => Instruments.Creates;

    /// <summary>Limits of all sandboxes that are on the machine now, by phase.</summary>
    public IReadOnlyList<(SandboxPhase Phase, SandboxLimits Limits)> InUse => [.. live.Values.Select(sandbox => (sandbox.Record.State, sandbox.Record.Limits))];

    /// <summary>A team's running and paused sandboxes, the newest first, then by id.</summary>
    public IReadOnlyList<SandboxRecord> List(string teamId) => [.. List().Where(record => record.TeamId == teamId)];

    /// <summary>Finds a running or paused sandbox of a team.</summary>
    public SandboxRecord? Find(string teamId, string id) => Find(id) is { } record && record.TeamId == teamId ? record : null;

    /// <summary>Sandboxes that start or run, by team.</summary>
    internal Dictionary<string, int> CountByTeam() => live.Values.Select(sandbox => sandbox.Record)
        .Where(record => record.State is SandboxPhase.Starting or SandboxPhase.Running).CountBy(record => record.TeamId).ToDictionary();

    /// <summary>How many each team started since this was last asked.</summary>
    internal Dictionary<string, int> TakeStarts()
    {
        var taken = new Dictionary<string, int>();
        foreach (var team in starts.Keys)
            if (starts.TryRemove(team, out var count)) taken[team] = count;
        return taken;
    }

    private void CountStart(string teamId) => starts.AddOrUpdate(teamId, 1, (_, count) => count + 1);

    private void ThrowIfDraining()
    {
        if (IsDraining) throw new RuntimeException(RuntimeError.Draining, "This node is draining and takes no new sandboxes; try again when it is ready.");
    }

    private void CheckSize(string teamId, Template template)
    {
        var limits = teams.LimitsOf(teamId);
        Check("CPUs", template.CpuCount, limits.CpuCount);
        Check("MiB of memory", template.MemoryMB, limits.MemoryMB);

        void Check(string what, int wanted, int? most)
        {
            if (wanted > most)
                throw new RuntimeException(RuntimeError.InvalidArgument, $"template '{template.Id}' needs {wanted} {what}; the team may use {most} in one sandbox.");
        }
    }

    private void ThrowIfTeamIsFull(string teamId)
    {
        if (teams.LimitsOf(teamId).Sandboxes is not { } most) return;
        if (live.Values.Count(other => other.Record.TeamId == teamId && other.Record.State is not SandboxPhase.Paused) < most) return;
        throw new RuntimeException(RuntimeError.LimitReached, $"The team runs as many sandboxes as it may, which is {most}; kill or pause one first.");
    }

    private TimeSpan LongestLife(string teamId) => teams.LimitsOf(teamId).Life is { } life ? Least(life, options.MaxTimeout) : options.MaxTimeout;
}
