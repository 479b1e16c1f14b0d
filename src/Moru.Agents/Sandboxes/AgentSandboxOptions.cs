namespace Moru.Agents;

/// <summary>What kind of sandbox a conversation gets.</summary>
public sealed record AgentSandboxOptions
{
    /// <summary>Template it is made from; default <c>base</c>.</summary>
    public string Template { get; init; } = "base";

    /// <summary>
    /// How long it lives after its last use; whole seconds, default 15 minutes. An agent that never disposes it, or dies, leaves
    /// nothing behind for longer than this.
    /// </summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// Environment, network rules, volume and labels; default: those of <see cref="SandboxOptions"/>. Its timeout is not used:
    /// <see cref="IdleTimeout"/> is.
    /// </summary>
    public SandboxOptions Sandbox { get; init; } = new();

    /// <summary>
    /// Name of the conversation, which traces carry as <c>gen_ai.conversation.id</c> and the sandbox as its label <c>conversation</c>;
    /// default none.
    /// </summary>
    public string? ConversationId { get; init; }

    internal SandboxOptions ForServer() => Sandbox with
    {
        Timeout = IdleTimeout,
        Metadata = ConversationId is { } id ? new Dictionary<string, string>(Sandbox.Metadata ?? new Dictionary<string, string>()) { ["conversation"] = id } : Sandbox.Metadata,
    };
}
