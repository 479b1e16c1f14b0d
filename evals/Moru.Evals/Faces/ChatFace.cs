using Microsoft.Extensions.AI;
using Moru.Agents;

namespace Moru.Evals;

/// <summary>The functions of Microsoft.Extensions.AI.</summary>
internal sealed class ChatFace(MoruClient client) : IFace
{
    public string Name => "meai";

    /// <summary>The tools of a task. Nobody is there to be asked.</summary>
    public static MoruToolsOptions Options(EvalTask task) => new() { NeedsApproval = _ => false, Toolsets = task.Toolsets, AllSandboxes = task.ManySandboxes };

    public async Task<ChatResponse> RunAsync(IChatClient model, EvalTask task, Sandbox sandbox, CancellationToken cancellationToken)
    {
        await using var moru = new MoruTools(AgentSandbox.Bind(client, sandbox), Options(task));
        return await Agent.RunAsync(model, task.Prompt, moru.Instructions, moru.Functions, cancellationToken);
    }

    public Step.Call Translate(Step.Call call) => call;

    public string Canonical(string offered) => offered;

    public ValueTask DisposeAsync() => default;
}

/// <summary>The loop of every face but Semantic Kernel's.</summary>
internal static class Agent
{
    private const int MaxTurns = 40;

    public static async Task<ChatResponse> RunAsync(IChatClient model, string prompt, string instructions, IEnumerable<AITool> tools, CancellationToken cancellationToken)
    {
        using var chat = model.AsBuilder().UseFunctionInvocation(configure: invoking => invoking.MaximumIterationsPerRequest = MaxTurns).Build();
        return await chat.GetResponseAsync(prompt, new() { Instructions = instructions, Tools = [.. tools] }, cancellationToken);
    }
}
