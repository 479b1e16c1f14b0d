using System.Runtime.CompilerServices;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace Moru.Agents;

/// <summary>
/// Gives an agent of the Agent Framework a sandbox, its tools and instructions, and <c>execute_code</c>, in which one script may call the agent's
/// other tools. Each <see cref="AgentSession"/> has a sandbox of its own out of a pool; runs without a session share one.
/// </summary>
/// <example>
/// <code>
/// await using var pool = new AgentSandboxPool(client);
/// var options = new ChatClientAgentOptions { AIContextProviders = [new MoruContextProvider(pool)] };
/// </code>
/// </example>
/// <param name="pool">Where the sandboxes come from; it stays the caller's.</param>
/// <param name="options">Which tools; null: the defaults of <see cref="MoruToolsOptions"/>.</param>
public sealed class MoruContextProvider(AgentSandboxPool pool, MoruToolsOptions? options = null) : AIContextProvider
{
    private const string StateKey = "Moru.Conversation";
    private const string Shared = "without-session";

    private readonly AgentSandboxPool pool = pool ?? throw new ArgumentNullException(nameof(pool));
    // Tools go with their sandbox, however it ends.
    private readonly ConditionalWeakTable<AgentSandbox, MoruTools> tools = [];

    /// <inheritdoc/>
    public override IReadOnlyList<string> StateKeys { get; } = [StateKey];

    /// <summary>Returns the sandbox of a session, for the application's own use.</summary>
    public Task<AgentSandbox> SandboxOfAsync(AgentSession? session) => pool.OpenAsync(ConversationOf(session));

    /// <summary>Ends the sandbox of a session; the session may go on with a new one.</summary>
    public Task<bool> EndAsync(AgentSession? session) => pool.CloseAsync(ConversationOf(session));

    /// <inheritdoc/>
    protected override async ValueTask<AIContext> ProvideAIContextAsync(InvokingContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        var moru = tools.GetValue(await SandboxOfAsync(context.Session), sandbox => new MoruTools(sandbox, options));
        var callable = (context.AIContext.Tools ?? []).OfType<AIFunction>().ToList();
        var code = new CodeActing(moru, callable);
        return new AIContext
        {
            Instructions = $"{moru.Instructions} {CodeActing.Instructions}",
            Tools = [code.Function, .. moru.Functions],
        };
    }

    private static string ConversationOf(AgentSession? session)
    {
        if (session is null) return Shared;
        if (session.StateBag.TryGetValue<string>(StateKey, out var known) && known is { Length: > 0 }) return known;
        var name = Guid.NewGuid().ToString("N");
        session.StateBag.SetValue(StateKey, name);
        return name;
    }
}
