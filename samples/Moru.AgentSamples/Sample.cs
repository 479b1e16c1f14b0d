using Microsoft.Extensions.AI;

namespace Moru.AgentSamples;

/// <summary>One face, in a few lines, with what a model without a model answers.</summary>
internal sealed record Sample(Func<MoruClient, IChatClient, Task> RunAsync, ScriptedModel.Turn[] Script)
{
    public static IReadOnlyDictionary<string, Sample> All { get; } = new SortedDictionary<string, Sample>(StringComparer.Ordinal)
    {
        ["agent-framework"] = new(AgentFrameworkSample.RunAsync, AgentFrameworkSample.Script),
        ["approval"] = new(ApprovalSample.RunAsync, ApprovalSample.Script),
        ["chat-client"] = new(ChatClientSample.RunAsync, ChatClientSample.Script),
        ["code-interpreter"] = new(CodeInterpreterSample.RunAsync, CodeInterpreterSample.Script),
        ["conversations"] = new(ConversationsSample.RunAsync, ConversationsSample.Script),
        ["semantic-kernel"] = new(SemanticKernelSample.RunAsync, SemanticKernelSample.Script),
        ["sessions-python"] = new(SessionsPythonSample.RunAsync, SessionsPythonSample.Script),
    };
}
