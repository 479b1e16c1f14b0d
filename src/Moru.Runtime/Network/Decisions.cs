namespace Moru.Runtime;

/// <summary>Who decided about a connection or a question of a sandbox.</summary>
public enum DecisionSource
{
    /// <summary>The resolver, about a name.</summary>
    Resolver,

    /// <summary>The proxy that reads names from connections.</summary>
    NameProxy,

    /// <summary>The packet filter, about an address.</summary>
    PacketFilter,
}

/// <summary>What was decided, and why.</summary>
/// <param name="At">When it last was.</param>
/// <param name="Source">Who decided.</param>
/// <param name="Target">A name, or an address with its port.</param>
/// <param name="IsAllowed">Whether it was let through.</param>
/// <param name="Reason">Why, as the end of a sentence.</param>
/// <param name="Count">How many times in a row.</param>
public sealed record Decision(DateTimeOffset At, DecisionSource Source, string Target, bool IsAllowed, string Reason, long Count);

/// <summary>The newest decisions about one sandbox. What is decided again and again takes one place; the oldest goes first.</summary>
internal sealed class Decisions(DecisionCounter counter, TimeProvider time)
{
    private const int Most = 256;
    private const int LongestTarget = 300;

    private readonly Lock gate = new();
    private readonly Dictionary<(DecisionSource, string, bool), Decision> kept = [];
    private long allowed;
    private long refused;

    public (long Allowed, long Refused) Counts => (Interlocked.Read(ref allowed), Interlocked.Read(ref refused));

    public void Add(DecisionSource source, string target, bool isAllowed, string reason)
    {
        if (isAllowed) Interlocked.Increment(ref allowed);
        else Interlocked.Increment(ref refused);
        counter.Add(source, isAllowed);
        if (target.Length > LongestTarget) target = target[..LongestTarget] + "…";
        lock (gate)
        {
            var key = (source, target, isAllowed);
            var count = kept.TryGetValue(key, out var known) ? known.Count : 0;
            if (count == 0 && kept.Count >= Most) kept.Remove(kept.MinBy(entry => entry.Value.At).Key);
            kept[key] = new Decision(time.GetUtcNow(), source, target, isAllowed, reason, count + 1);
        }
    }

    /// <summary>The newest first.</summary>
    public IReadOnlyList<Decision> List()
    {
        lock (gate) return [.. kept.Values.OrderByDescending(decision => decision.At)];
    }
}
