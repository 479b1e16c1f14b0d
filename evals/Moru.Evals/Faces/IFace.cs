using Microsoft.Extensions.AI;

namespace Moru.Evals;

/// <summary>One way by which a model reaches the tools.</summary>
internal interface IFace : IAsyncDisposable
{
    string Name { get; }

    /// <summary>Lets a model work on a prompt in a sandbox until it answers.</summary>
    Task<ChatResponse> RunAsync(IChatClient model, string prompt, Sandbox sandbox, CancellationToken cancellationToken);

    /// <summary>A call of the tools' own names in the words of this face.</summary>
    Step.Call Translate(Step.Call call);

    /// <summary>The tool's own name of what this face offers under <paramref name="offered"/>.</summary>
    string Canonical(string offered);
}
