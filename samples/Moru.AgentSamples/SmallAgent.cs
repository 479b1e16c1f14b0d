// The framework marks as preview what agents need to call context providers.
#pragma warning disable MAAI001
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace Moru.AgentSamples;

/// <summary>
/// An agent with context providers, in place of the Agent Framework's own <c>ChatClientAgent</c>, whose package (<c>Microsoft.Agents.AI</c>) this
/// sample does without.
/// </summary>
public sealed class SmallAgent(IChatClient model, IReadOnlyList<AITool> tools, params AIContextProvider[] providers) : AIAgent
{
    private readonly IChatClient chat = model.AsBuilder().UseFunctionInvocation().Build();

    protected override ValueTask<AgentSession> CreateSessionCoreAsync(CancellationToken cancellationToken) => new(new Session());

    protected override ValueTask<JsonElement> SerializeSessionCoreAsync(AgentSession session, JsonSerializerOptions? jsonSerializerOptions, CancellationToken cancellationToken) =>
        new(session.StateBag.Serialize());

    protected override ValueTask<AgentSession> DeserializeSessionCoreAsync(JsonElement serializedState, JsonSerializerOptions? jsonSerializerOptions, CancellationToken cancellationToken) =>
        new(new Session(AgentSessionStateBag.Deserialize(serializedState)));

    protected override async Task<AgentResponse> RunCoreAsync(
        IEnumerable<ChatMessage> messages, AgentSession? session, AgentRunOptions? options, CancellationToken cancellationToken)
    {
        session ??= await CreateSessionAsync(cancellationToken);
        var context = new AIContext { Messages = messages, Tools = tools };
        foreach (var provider in providers) context = await provider.InvokingAsync(new(this, session, context), cancellationToken);
        var response = await chat.GetResponseAsync(
            context.Messages ?? [], new ChatOptions { Instructions = context.Instructions, Tools = [.. context.Tools ?? []] }, cancellationToken);
        return new AgentResponse(response);
    }

    protected override async IAsyncEnumerable<AgentResponseUpdate> RunCoreStreamingAsync(
        IEnumerable<ChatMessage> messages, AgentSession? session, AgentRunOptions? options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var update in (await RunCoreAsync(messages, session, options, cancellationToken)).ToAgentResponseUpdates()) yield return update;
    }

    private sealed class Session : AgentSession
    {
        public Session()
        {
        }

        public Session(AgentSessionStateBag state)
            : base(state)
        {
        }
    }
}
