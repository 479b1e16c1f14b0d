namespace Moru.Runtime;

/// <summary>What was observed of sandboxes, also after their end: logs and metrics.</summary>
public sealed class Observations
{
    private readonly ObservationStore store;

    internal Observations(ObservationStore store) => this.store = store;

    /// <summary>Entries of a sandbox's log, the oldest first.</summary>
    public IReadOnlyList<LogLine> ReadLogs(string sandboxId, LogQuery query) => query.Limit > 0 ? store.ReadLogs(sandboxId, query) : [];

    /// <summary>Samples from start to end, the oldest first; fewer than a thousand, thinned evenly when there are more.</summary>
    public IReadOnlyList<MetricSample> ReadMetrics(string sandboxId, DateTimeOffset? start, DateTimeOffset? end) => store.ReadMetrics(sandboxId, start, end);

    /// <summary>The newest sample, if there is one.</summary>
    public MetricSample? LatestMetrics(string sandboxId) => store.LatestMetrics(sandboxId);
}
