namespace Moru.Runtime;

/// <summary>Connections that one sandbox has open to the resolver or to the proxy: so many and no more, so that the others get theirs.</summary>
internal sealed class OpenConnections(int most, DecisionSource to, Decisions decisions)
{
    private int count;

    /// <summary>Counts one more, which the caller takes back when it ends.</summary>
    public bool TryAdd()
    {
        if (Interlocked.Increment(ref count) <= most) return true;
        decisions.Add(to, "(connections)", isAllowed: false, $"it has {most} connections open");
        Remove();
        return false;
    }

    public void Remove() => Interlocked.Decrement(ref count);
}
