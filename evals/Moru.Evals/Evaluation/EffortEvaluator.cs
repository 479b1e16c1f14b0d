using Microsoft.Extensions.AI;

namespace Moru.Evals;

/// <summary>What the answer cost.</summary>
internal sealed class EffortEvaluator : IEvaluator
{
    public const string Turns = "turns";
    public const string ToolCalls = "tool_calls";
    public const string TokensIn = "tokens_in";
    public const string TokensOut = "tokens_out";
    public const string ListTools = "list_tools";
    public const string ListTokens = "list_tokens";
    public const string WallSeconds = "wall_seconds";
    public const string SandboxCpuSeconds = "sandbox_cpu_seconds";
    public const string SandboxGibSeconds = "sandbox_gib_seconds";

    public IReadOnlyCollection<string> EvaluationMetricNames { get; } = [Turns, ToolCalls, TokensIn, TokensOut, ListTools, ListTokens, WallSeconds, SandboxCpuSeconds, SandboxGibSeconds];

    public async ValueTask<EvaluationResult> EvaluateAsync(
        IEnumerable<ChatMessage> messages, ChatResponse modelResponse, IEnumerable<EvaluationContext>? additionalContext = null, CancellationToken cancellationToken = default)
    {
        var attempt = additionalContext!.OfType<Attempt>().Single();
        var effort = attempt.Recorder;
        var (cpus, gibs) = (1.0, 0.5);
        try
        {
            var info = await attempt.Sandbox.GetInfoAsync(cancellationToken);
            (cpus, gibs) = (info.CpuCount, info.MemoryMB / 1024.0);
        }
        catch (NotFoundException)
        {
            // The agent has killed it; the default size is what it had.
        }

        var seconds = effort.Elapsed.TotalSeconds;
        return new EvaluationResult(
        [
            new NumericMetric(Turns, effort.Turns), new NumericMetric(ToolCalls, effort.ToolCalls), new NumericMetric(TokensIn, effort.TokensIn), new NumericMetric(TokensOut, effort.TokensOut),
            new NumericMetric(ListTools, effort.ListTools), new NumericMetric(ListTokens, effort.ListTokens),
            new NumericMetric(WallSeconds, seconds), new NumericMetric(SandboxCpuSeconds, seconds * cpus), new NumericMetric(SandboxGibSeconds, seconds * gibs),
        ]);
    }
}
