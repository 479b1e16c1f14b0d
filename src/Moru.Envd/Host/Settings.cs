using System.Net;
using System.Net.Sockets;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>What <c>POST /init</c> set last.</summary>
internal sealed record Defaults(IReadOnlyDictionary<string, string> Environment, string User, string? Directory);

/// <summary>
/// Holds the current <see cref="Defaults"/> and decides which init request counts. The clock is left alone, unlike upstream: a container
/// has the host's, which is right after a resume too.
/// </summary>
internal sealed class Settings(AccessToken token, DeadlineGuard? guard)
{
    private const string EventsVariable = "MORU_EVENTS_ADDRESS";

    private readonly Lock _gate = new();
    private DateTimeOffset _newest = DateTimeOffset.MinValue;
    private volatile Defaults _current = new(new Dictionary<string, string>(), "root", null);

    public Defaults Current => _current;

    /// <exception cref="ConnectException">The request carries another token than the one set before, or an impossible variable or address.</exception>
    public void Apply(InitRequest init)
    {
        if (init.EnvVars is { } variables) ProcessEnvironment.Check(variables);
        var events = AddressOrDefault(init.HyperloopIP);
        lock (_gate)
        {
            if (!string.IsNullOrEmpty(init.AccessToken)) token.Set(init.AccessToken);
            if (init.Timestamp is { } made)
            {
                // Retries and a resume may overtake each other; the newest request wins, whatever the order of arrival.
                if (made < _newest) return;
                _newest = made;
            }

            // Relative to the sender's clock, which need not be ours.
            if (init.Deadline is { } deadline) guard?.Set(deadline - (init.Timestamp ?? DateTimeOffset.UtcNow));

            _current = new Defaults(
                EnvironmentOf(init.EnvVars, events),
                string.IsNullOrEmpty(init.DefaultUser) ? _current.User : init.DefaultUser,
                string.IsNullOrEmpty(init.DefaultWorkdir) ? _current.Directory : init.DefaultWorkdir);
            SystemFiles.WriteVariables(_current.Environment);
            if (events is not null) SystemFiles.NameEventsHost(events.ToString());
        }
    }

    /// <summary>The user a call names, or the default user.</summary>
    /// <exception cref="ConnectException">There is no such user.</exception>
    public User Resolve(string? name)
    {
        var wanted = string.IsNullOrEmpty(name) ? _current.User : name;
        return Users.FindOrDefault(wanted) ?? throw new ConnectException(ConnectCode.Unauthenticated, $"invalid username: '{wanted}'");
    }

    // The request's own variable wins; without a new address the one that is known stays.
    private IReadOnlyDictionary<string, string> EnvironmentOf(IReadOnlyDictionary<string, string>? asked, IPAddress? events)
    {
        var address = events is null ? _current.Environment.GetValueOrDefault(EventsVariable)
            : events.AddressFamily == AddressFamily.InterNetworkV6 ? $"http://[{events}]" : $"http://{events}";
        var variables = asked ?? _current.Environment;
        if (address is null || asked?.ContainsKey(EventsVariable) == true) return variables;
        return new Dictionary<string, string>(variables) { [EventsVariable] = address };
    }

    private static IPAddress? AddressOrDefault(string? text) => string.IsNullOrEmpty(text) ? null
        : IPAddress.TryParse(text, out var address) ? address
        : throw new ConnectException(ConnectCode.InvalidArgument, $"invalid hyperloopIP '{text}': an IP address is needed");
}
