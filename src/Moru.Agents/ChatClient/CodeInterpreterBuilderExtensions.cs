using Microsoft.Extensions.AI;

namespace Moru.Agents;

/// <summary>The standard code interpreter tool, served by a sandbox of your own.</summary>
public static class CodeInterpreterBuilderExtensions
{
    /// <summary>
    /// Serves <see cref="HostedCodeInterpreterTool"/> from one sandbox, which ends with the chat client. Calls and results are those of hosted
    /// interpreters: <see cref="CodeInterpreterToolCallContent"/> and <see cref="CodeInterpreterToolResultContent"/>.
    /// </summary>
    /// <param name="builder">Before or after <c>UseFunctionInvocation()</c>, and without it as well.</param>
    /// <param name="client">The server; it stays the caller's.</param>
    /// <param name="options">What kind of sandbox; null: the defaults of <see cref="AgentSandboxOptions"/>.</param>
    /// <example>
    /// <code>
    /// using var chat = model.AsBuilder().UseMoruCodeInterpreter(client).Build();
    /// var answer = await chat.GetResponseAsync("Plot x squared.", new() { Tools = [new HostedCodeInterpreterTool()] });
    /// </code>
    /// </example>
    public static ChatClientBuilder UseMoruCodeInterpreter(this ChatClientBuilder builder, MoruClient client, AgentSandboxOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(client);
        return builder.Use(inner =>
        {
            var sandbox = new AgentSandbox(client, options);
            return new CodeInterpreterChatClient(inner, _ => Task.FromResult(sandbox), sandbox);
        });
    }

    /// <summary>As above, on a sandbox that stays the caller's.</summary>
    /// <inheritdoc cref="UseMoruCodeInterpreter(ChatClientBuilder, MoruClient, AgentSandboxOptions?)"/>
    public static ChatClientBuilder UseMoruCodeInterpreter(this ChatClientBuilder builder, AgentSandbox sandbox)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(sandbox);
        return builder.Use(inner => new CodeInterpreterChatClient(inner, _ => Task.FromResult(sandbox), null));
    }

    /// <summary>As above, with a sandbox for each <see cref="ChatOptions.ConversationId"/>, out of a pool that stays the caller's.</summary>
    /// <inheritdoc cref="UseMoruCodeInterpreter(ChatClientBuilder, MoruClient, AgentSandboxOptions?)"/>
    public static ChatClientBuilder UseMoruCodeInterpreter(this ChatClientBuilder builder, AgentSandboxPool pool)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(pool);
        return builder.Use(inner => new CodeInterpreterChatClient(
            inner,
            conversationId => conversationId is { Length: > 0 }
                ? pool.OpenAsync(conversationId)
                : throw new InvalidOperationException("Set ChatOptions.ConversationId, so that the conversation gets its own sandbox out of the pool."),
            null));
    }
}
