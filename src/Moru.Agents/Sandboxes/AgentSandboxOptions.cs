using Moru.Tools;

namespace Moru.Agents;

/// <summary>What kind of sandbox a conversation gets.</summary>
public sealed record AgentSandboxOptions : SandboxSessionOptions
{
    /// <summary>Starts from the defaults, with 30 s for the server to kill the sandbox.</summary>
    public AgentSandboxOptions() => EndPatience = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Name of the conversation, which traces carry as <c>gen_ai.conversation.id</c> and the sandbox as its label <c>conversation</c>;
    /// default none.
    /// </summary>
    public string? ConversationId { get; init; }

    /// <summary>The same, with the conversation as a label of the sandbox.</summary>
    internal SandboxSessionOptions Labelled => ConversationId is { } id ? WithLabel("conversation", id) : this;
}
