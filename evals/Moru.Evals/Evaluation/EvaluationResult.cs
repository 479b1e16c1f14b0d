namespace Moru.Evals;

/// <summary>Metrics by name.</summary>
internal sealed class EvaluationResult(IEnumerable<EvaluationMetric> metrics)
{
    public IDictionary<string, EvaluationMetric> Metrics { get; } = metrics.ToDictionary(metric => metric.Name);

    public T Get<T>(string metricName)
        where T : EvaluationMetric => (T)Metrics[metricName];
}

/// <summary>One judgement.</summary>
internal abstract class EvaluationMetric(string name, string? reason)
{
    public string Name { get; } = name;

    public string? Reason { get; } = reason;
}

/// <summary>A judgement of yes or no.</summary>
internal sealed class BooleanMetric(string name, bool? value, string? reason = null) : EvaluationMetric(name, reason)
{
    public bool? Value { get; } = value;
}

/// <summary>A judgement that is a number.</summary>
internal sealed class NumericMetric(string name, double? value, string? reason = null) : EvaluationMetric(name, reason)
{
    public double? Value { get; } = value;
}
