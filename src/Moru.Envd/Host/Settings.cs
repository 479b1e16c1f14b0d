using Moru.Protocol;

namespace Moru.Envd;

/// <summary>What <c>POST /init</c> set last.</summary>
internal sealed record Defaults(IReadOnlyDictionary<string, string> Environment, string User, string? Directory);

/// <summary>Holds the current <see cref="Defaults"/> and decides which init request counts.</summary>
internal sealed class Settings(AccessToken token)
{
    private readonly Lock _gate = new();
    private DateTimeOffset _newest = DateTimeOffset.MinValue;
    private volatile Defaults _current = new(new Dictionary<string, string>(), "root", null);

    public Defaults Current => _current;

    /// <exception cref="ConnectException">The request carries another token than the one set before, or an impossible variable.</exception>
    public void Apply(InitRequest init)
    {
        if (init.EnvVars is { } variables) ProcessEnvironment.Check(variables);
        lock (_gate)
        {
            if (!string.IsNullOrEmpty(init.AccessToken)) token.Set(init.AccessToken);
            if (init.Timestamp is { } made)
            {
                // Retries and a resume may overtake each other; the newest request wins, whatever the order of arrival.
                if (made < _newest) return;
                _newest = made;
            }

            _current = new Defaults(
                init.EnvVars ?? _current.Environment,
                string.IsNullOrEmpty(init.DefaultUser) ? _current.User : init.DefaultUser,
                string.IsNullOrEmpty(init.DefaultWorkdir) ? _current.Directory : init.DefaultWorkdir);
        }
    }

    /// <summary>The user a call names, or the default user.</summary>
    /// <exception cref="ConnectException">There is no such user.</exception>
    public User Resolve(string? name)
    {
        var wanted = string.IsNullOrEmpty(name) ? _current.User : name;
        return Users.FindOrDefault(wanted) ?? throw new ConnectException(ConnectCode.Unauthenticated, $"invalid username: '{wanted}'");
    }
}
