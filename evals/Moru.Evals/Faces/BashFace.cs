using System.ComponentModel;
using Microsoft.Extensions.AI;

namespace Moru.Evals;

/// <summary>The baseline: one tool, bash, and nothing that knows about models.</summary>
internal sealed class BashFace : IFace
{
    public string Name => "bash";

    public bool CanDo(EvalTask task) => !task.ToolsOnly;

    public Task<ChatResponse> RunAsync(IChatClient model, EvalTask task, Sandbox sandbox, CancellationToken cancellationToken)
    {
        var bash = AIFunctionFactory.Create(
            ([Description("The command line")] string command, CancellationToken cancel) => Shell.RunAsync(sandbox, command, cancel), "bash", "Run a bash command line and return what it writes.");
        return Agent.RunAsync(model, task.Prompt, "You have a Linux machine.", [bash], cancellationToken);
    }

    public Step.Call Translate(Step.Call call) => new("bash", new Dictionary<string, object?> { ["command"] = Shell.CommandOf(call) });

    public string Canonical(string offered) => offered;

    public ValueTask DisposeAsync() => default;
}
