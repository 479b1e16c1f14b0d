using Microsoft.Extensions.AI;

namespace Moru.Evals;

/// <summary>One way by which a model reaches the tools.</summary>
internal interface IFace : IAsyncDisposable
{
    string Name { get; }

    /// <summary>Number of its tools and what their list costs, where that is not counted but known; null: it is counted.</summary>
    (int Tools, long Tokens)? List => null;

    /// <summary>Calls that every script begins with here.</summary>
    IEnumerable<Move> Opening => [];

    /// <summary>Whether a script can do a task with these tools.</summary>
    bool CanDo(EvalTask task) => true;

    /// <summary>Lets a model work on a task in a sandbox until it answers.</summary>
    Task<ChatResponse> RunAsync(IChatClient model, EvalTask task, Sandbox sandbox, CancellationToken cancellationToken);

    /// <summary>A call of the tools' own names in the words of this face.</summary>
    Step.Call Translate(Step.Call call);

    /// <summary>What a program has written, out of a result of this face.</summary>
    string Plain(string result) => result;

    /// <summary>The tool's own name of what this face offers under <paramref name="offered"/>.</summary>
    string Canonical(string offered);
}
