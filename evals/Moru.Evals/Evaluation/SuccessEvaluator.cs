using Microsoft.Extensions.AI;

namespace Moru.Evals;

/// <summary>Whether the task is done, judged by looking at the real sandbox.</summary>
internal sealed class SuccessEvaluator : IEvaluator
{
    public const string Success = "success";

    public IReadOnlyCollection<string> EvaluationMetricNames { get; } = [Success];

    public async ValueTask<EvaluationResult> EvaluateAsync(
        IEnumerable<ChatMessage> messages, ChatResponse modelResponse, IEnumerable<EvaluationContext>? additionalContext = null, CancellationToken cancellationToken = default)
    {
        var attempt = additionalContext!.OfType<Attempt>().Single();
        string? problem;
        try
        {
            problem = await attempt.Task.CheckAsync(new Evidence(attempt.Client, attempt.Sandbox, modelResponse.Text, cancellationToken));
        }
        catch (SandboxException error)
        {
            problem = error.Message; // such as a result file that is not there
        }

        return new EvaluationResult([new BooleanMetric(Success, problem is null, problem)]);
    }
}
