using System.Collections.Immutable;

namespace Moru.Runtime;

/// <summary>The keys and access tokens of all teams. Memory and store hold hashes; a secret is shown once, when it is made.</summary>
public sealed class Credentials
{
    private const int MostPerTeam = 1000;
    private const string DerivedName = "key of an access token";
    private static readonly TimeSpan LastUsedStep = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private readonly RuntimeStore store;
    private readonly Teams teams;
    private readonly TimeProvider time;
    // By hash, so that looking one up takes a time that says nothing about any secret.
    private volatile ImmutableDictionary<string, Credential> byHash;

    internal Credentials(RuntimeStore store, Teams teams, TimeProvider time)
    {
        this.store = store;
        this.teams = teams;
        this.time = time;
        byHash = store.LoadCredentials().ToImmutableDictionary(credential => credential.Hash, StringComparer.Ordinal);
    }

    internal bool IsEmpty => byHash.IsEmpty;

    /// <summary>What begins every secret of a kind.</summary>
    public static string PrefixOf(CredentialKind kind) => Secret.PrefixOf(kind);

    /// <summary>The credential that a secret belongs to, which counts as used now; null: none.</summary>
    public Credential? Recognize(CredentialKind kind, string presented)
    {
        ArgumentNullException.ThrowIfNull(presented);
        if (LookUp(kind, presented) is not { } found) return null;
        return time.GetUtcNow() - found.LastUsedAt < LastUsedStep ? found : Used(found);
    }

    /// <summary>Those of a team, the oldest first.</summary>
    public IReadOnlyList<Credential> List(string teamId, CredentialKind kind) =>
    [
        .. byHash.Values.Where(credential => credential.TeamId == teamId && credential.Kind == kind)
            .OrderBy(credential => credential.CreatedAt).ThenBy(credential => credential.Id, StringComparer.Ordinal),
    ];

    /// <summary>Makes a credential, and its secret, which is not kept.</summary>
    /// <exception cref="RuntimeException"><see cref="RuntimeError.TeamNotFound"/>, <see cref="RuntimeError.InvalidArgument"/>, <see cref="RuntimeError.LimitReached"/>.</exception>
    public (Credential Made, string Secret) Create(string teamId, CredentialKind kind, string name)
    {
        Names.Check(name);
        var secret = Secret.New(kind);
        return (Add(Guid.NewGuid().ToString(), teams.Get(teamId).Id, kind, name, secret, parentId: null), secret);
    }

    /// <summary>The API key that goes with an access token: made at the first call, the same at later ones, and gone with the token.</summary>
    public string KeyOf(Credential token, string presented)
    {
        lock (gate)
        {
            if (byHash.Values.FirstOrDefault(key => key.ParentId == token.Id) is { } made) return Secret.Derive(presented, made.Id);

            var id = Guid.NewGuid().ToString();
            var secret = Secret.Derive(presented, id);
            Add(id, token.TeamId, CredentialKind.ApiKey, DerivedName, secret, token.Id);
            return secret;
        }
    }

    /// <returns>False when the team has no such credential.</returns>
    public bool Rename(string teamId, CredentialKind kind, string id, string name)
    {
        Names.Check(name);
        lock (gate)
        {
            if (Find(teamId, kind, id) is not { } found) return false;
            Put(found with { Name = name });
            return true;
        }
    }

    /// <summary>Ends a credential at once; an access token together with its key.</summary>
    /// <returns>False when the team has no such credential.</returns>
    public bool Delete(string teamId, CredentialKind kind, string id)
    {
        lock (gate)
        {
            if (Find(teamId, kind, id) is not { } found) return false;
            store.DeleteCredential(found.Id);
            byHash = byHash.RemoveRange(byHash.Values.Where(other => other.Id == id || other.ParentId == id).Select(other => other.Hash));
            return true;
        }
    }

    internal Credential? LookUp(CredentialKind kind, string presented) =>
        Secret.HashOrDefault(kind, presented) is { } hash && byHash.TryGetValue(hash, out var found) && found.Kind == kind ? found : null;

    internal Credential Add(string id, string teamId, CredentialKind kind, string name, string secret, string? parentId)
    {
        var digits = secret.AsSpan(Secret.PrefixOf(kind).Length);
        var made = new Credential
        {
            Id = id, Kind = kind, TeamId = teamId, Name = name, Hash = Secret.HashOrDefault(kind, secret)!,
            Length = digits.Length, Start = digits[..2].ToString(), End = digits[^4..].ToString(), CreatedAt = time.GetUtcNow(), ParentId = parentId,
        };
        lock (gate)
        {
            if (byHash.Values.Count(other => other.TeamId == teamId) >= MostPerTeam)
                throw new RuntimeException(RuntimeError.LimitReached, $"The team has {MostPerTeam} keys and tokens, which is the maximum; delete one first.");
            Put(made);
        }

        return made;
    }

    private Credential? Find(string teamId, CredentialKind kind, string id) =>
        byHash.Values.FirstOrDefault(credential => credential.Id == id && credential.TeamId == teamId && credential.Kind == kind);

    private void Put(Credential credential)
    {
        store.Save(credential);
        byHash = byHash.SetItem(credential.Hash, credential);
    }

    private Credential Used(Credential found)
    {
        lock (gate)
        {
            // It may have been deleted or renamed since it was looked up.
            if (!byHash.TryGetValue(found.Hash, out var current)) return found;
            var used = current with { LastUsedAt = time.GetUtcNow() };
            byHash = byHash.SetItem(used.Hash, used);
            store.TrySaveUse(used);
            return used;
        }
    }
}
