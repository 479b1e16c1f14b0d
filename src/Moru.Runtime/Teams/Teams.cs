using System.Collections.Immutable;

namespace Moru.Runtime;

/// <summary>The teams of this runtime. There is always one; the first is the default.</summary>
public sealed class Teams
{
    private const int Most = 1000;

    private readonly Lock gate = new();
    private readonly RuntimeOptions options;
    private readonly RuntimeStore store;
    private readonly TimeProvider time;
    private volatile ImmutableList<Team> teams;

    internal Teams(RuntimeOptions options, RuntimeStore store, TimeProvider time)
    {
        this.options = options;
        this.store = store;
        this.time = time;
        teams = [.. store.LoadTeams()];
    }

    /// <summary>The team that was made with the store, and whose key is in the data directory.</summary>
    public Team First => teams[0];

    /// <summary>The oldest first.</summary>
    public IReadOnlyList<Team> List() => teams;

    public Team? Find(string id) => teams.Find(team => team.Id == id);

    /// <exception cref="RuntimeException"><see cref="RuntimeError.TeamNotFound"/>.</exception>
    public Team Get(string id) => Find(id) ?? throw new RuntimeException(
        RuntimeError.TeamNotFound, $"Team '{id}' does not exist; list the teams to see their ids.");

    public TeamLimits LimitsOf(string id) => options.LimitsByTeam.GetValueOrDefault(id, options.Limits);

    public Team Create(string name)
    {
        Names.Check(name);
        lock (gate)
        {
            if (teams.Count >= Most) throw new RuntimeException(RuntimeError.LimitReached, $"There are {Most} teams already, which is the maximum.");
            var team = new Team { Id = Guid.NewGuid().ToString(), Name = name, CreatedAt = time.GetUtcNow() };
            store.Save(team);
            teams = teams.Add(team);
            return team;
        }
    }

    /// <summary>Renames a team, blocks it, or lets it go on; null: as it was.</summary>
    /// <exception cref="RuntimeException"><see cref="RuntimeError.TeamNotFound"/>.</exception>
    public Team Change(string id, string? name, bool? isBlocked)
    {
        if (name is not null) Names.Check(name);
        lock (gate)
        {
            var team = Get(id);
            var changed = team with { Name = name ?? team.Name, IsBlocked = isBlocked ?? team.IsBlocked };
            store.Save(changed);
            teams = teams.Replace(team, changed);
            return changed;
        }
    }
}
