namespace Moru.Runtime;

internal sealed partial class RuntimeStore
{
    public IReadOnlyList<Team> LoadTeams() => Locked(teams.LoadTeams);

    public void Save(Team team) => Locked(() => teams.Save(team));

    public IReadOnlyList<Credential> LoadCredentials() => Locked(teams.LoadCredentials);

    public void Save(Credential credential) => Locked(() => teams.Save(credential));

    /// <summary>A store that cannot be written must not keep anybody out.</summary>
    public bool TrySaveUse(Credential credential)
    {
        try
        {
            Save(credential);
            return true;
        }
        catch (RuntimeException failure) when (failure.Error is RuntimeError.StoreUnusable)
        {
            return false;
        }
    }

    /// <summary>Together with those that were made with it.</summary>
    public void DeleteCredential(string id) => Locked(() => teams.DeleteCredential(id));

    public void Add(IReadOnlyList<TeamSample> samples, DateTimeOffset oldest) => Locked(() => teams.Add(samples, oldest));

    public IReadOnlyList<TeamSample> LoadSamples(string teamId, DateTimeOffset start, DateTimeOffset end, TimeSpan step) =>
        Locked(() => teams.LoadSamples(teamId, start, end, step));
}
