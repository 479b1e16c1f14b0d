using System.Diagnostics.Metrics;

namespace Moru.Runtime;

/// <summary>Counts decisions about what sandboxes reach, under the meter name <c>Moru.Runtime</c>.</summary>
internal sealed class DecisionCounter : IDisposable
{
    private readonly Meter meter = new(StageTimes.Source.Name);
    private readonly Counter<long> decisions;
    private long refusedPackets;

    public DecisionCounter() => decisions = meter.CreateCounter<long>(
        "moru.network.decisions", description: "Names, connections and packets of sandboxes that were let through or refused, by who decided; of packets the refused ones");

    /// <summary>Whether anybody reads the metrics.</summary>
    public bool IsRead => decisions.Enabled;

    public void Add(DecisionSource source, bool isAllowed, long count = 1) => decisions.Add(
        count,
        new KeyValuePair<string, object?>("source", source switch
        {
            DecisionSource.Resolver => "resolver",
            DecisionSource.NameProxy => "name_proxy",
            _ => "packet_filter",
        }),
        new KeyValuePair<string, object?>("result", isAllowed ? "allowed" : "refused"));

    /// <param name="total">What the kernel has counted, which it begins anew when the filter is replaced.</param>
    public void RefusedPackets(long total)
    {
        if (total < refusedPackets) refusedPackets = 0;
        if (total > refusedPackets) Add(DecisionSource.PacketFilter, isAllowed: false, total - refusedPackets);
        refusedPackets = total;
    }

    public void Dispose() => meter.Dispose();
}
