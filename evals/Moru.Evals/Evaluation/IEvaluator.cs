using Microsoft.Extensions.AI;

namespace Moru.Evals;

/// <summary>Judges one answer. In the shape of Microsoft.Extensions.AI.Evaluation, so that its package can take the place of these types.</summary>
internal interface IEvaluator
{
    /// <summary>Names of the metrics it returns.</summary>
    IReadOnlyCollection<string> EvaluationMetricNames { get; }

    /// <summary>Returns its metrics.</summary>
    ValueTask<EvaluationResult> EvaluateAsync(
        IEnumerable<ChatMessage> messages, ChatResponse modelResponse, IEnumerable<EvaluationContext>? additionalContext = null, CancellationToken cancellationToken = default);
}

/// <summary>What else an evaluator may look at.</summary>
internal abstract record EvaluationContext(string Name);
