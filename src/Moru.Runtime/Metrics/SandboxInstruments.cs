using System.Diagnostics.Metrics;

namespace Moru.Runtime;

/// <summary>What a runtime counts, under the meter name <c>Moru.Runtime</c>.</summary>
internal sealed class SandboxInstruments : IDisposable
{
    private readonly Meter meter = new(StageTimes.Source.Name);
    private readonly Counter<long> creates;
    private readonly Counter<long> ends;
    private readonly Histogram<double> createTime;
    private long created;
    private long notCreated;

    public SandboxInstruments(Sandboxes sandboxes)
    {
        creates = meter.CreateCounter<long>("moru.sandbox.creates", description: "Sandboxes that were started, and starts that failed");
        ends = meter.CreateCounter<long>("moru.sandbox.ends", description: "Sandboxes that ended, by reason");
        createTime = meter.CreateHistogram<double>("moru.sandbox.create.duration", "s", "Time from the request until the sandbox answers");
        meter.CreateObservableGauge("moru.sandbox.count", () => Count(sandboxes), description: "Sandboxes that are running or paused");
    }

    /// <summary>How many creates succeeded and failed.</summary>
    public (long Successes, long Fails) Creates => (Interlocked.Read(ref created), Interlocked.Read(ref notCreated));

    public void Created(TimeSpan took)
    {
        Interlocked.Increment(ref created);
        creates.Add(1, new KeyValuePair<string, object?>("result", "started"));
        createTime.Record(took.TotalSeconds);
    }

    public void NotCreated()
    {
        Interlocked.Increment(ref notCreated);
        creates.Add(1, new KeyValuePair<string, object?>("result", "failed"));
    }

    public void Ended(EndReason? reason) => ends.Add(1, new KeyValuePair<string, object?>("reason", reason?.ToString().ToLowerInvariant()));

    public void Dispose() => meter.Dispose();

    private static IEnumerable<Measurement<int>> Count(Sandboxes sandboxes)
    {
        var running = sandboxes.Live.Count(sandbox => sandbox.IsVisible && sandbox.Record.State is SandboxPhase.Running);
        var visible = sandboxes.Live.Count(sandbox => sandbox.IsVisible);
        yield return new Measurement<int>(running, new KeyValuePair<string, object?>("state", "running"));
        yield return new Measurement<int>(visible - running, new KeyValuePair<string, object?>("state", "paused"));
    }
}
