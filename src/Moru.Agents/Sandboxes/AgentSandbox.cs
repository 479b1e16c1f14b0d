using Moru.Tools;

namespace Moru.Agents;

/// <summary>
/// The sandbox of one conversation: made when it is first needed, kept alive by use, made anew when it has ended, and <b>killed when
/// this is disposed</b>. Thread-safe.
/// </summary>
/// <example>
/// <code>
/// await using var sandbox = new AgentSandbox(client, new() { Template = "python", ConversationId = "42" });
/// await using var tools = new MoruTools(sandbox);
/// </code>
/// </example>
public sealed class AgentSandbox : IAsyncDisposable
{
    /// <summary>Prepares the sandbox of a conversation; nothing is sent yet.</summary>
    /// <param name="client">The server; it stays the caller's.</param>
    /// <param name="options">Template, limits and name; null: the defaults of <see cref="AgentSandboxOptions"/>.</param>
    /// <param name="timeProvider">For tests; default: the system's clock.</param>
    public AgentSandbox(MoruClient client, AgentSandboxOptions? options = null, TimeProvider? timeProvider = null)
        : this(new SandboxSession(Shared(client), options?.Labelled ?? new AgentSandboxOptions(), timeProvider), options?.ConversationId)
    {
    }

    internal AgentSandbox(SandboxSession session, string? conversationId)
    {
        (Session, ConversationId) = (session, conversationId);
        Python = new CodeInterpreter(session);
    }

    /// <summary>Name of the conversation; null: none.</summary>
    public string? ConversationId { get; }

    /// <summary>Python in this sandbox, which starts with the first run.</summary>
    public CodeInterpreter Python { get; }

    /// <summary>The sandbox's id; null before its first use and after its end.</summary>
    public string? SandboxId => Session.SandboxId;

    internal SandboxSession Session { get; }

    /// <summary>Binds a conversation to a sandbox that exists, which stays the caller's: it is neither kept alive nor killed.</summary>
    public static AgentSandbox Bind(MoruClient client, Sandbox existing) => new(SandboxSession.Bind(Shared(client), existing), null);

    /// <inheritdoc cref="SandboxSession.GetAsync"/>
    public Task<Sandbox> GetAsync(TimeSpan busyFor = default, CancellationToken cancellationToken = default) => Session.GetAsync(busyFor, cancellationToken);

    /// <summary>Ends the sandbox for good; the next use makes a new one.</summary>
    /// <returns>False when there was none.</returns>
    public async Task<bool> KillAsync(CancellationToken cancellationToken = default) => await Session.KillAsync(null, cancellationToken) is not null;

    /// <summary>Kills the sandbox, also one that is still being made. A server that does not answer is no error: the idle timeout ends it.</summary>
    public ValueTask DisposeAsync() => Session.DisposeAsync();

    /// <summary>The same server for a session, which owns its client.</summary>
    internal static MoruClient Shared(MoruClient client)
    {
        ArgumentNullException.ThrowIfNull(client);
        return client.With(new RequestOptions());
    }
}
