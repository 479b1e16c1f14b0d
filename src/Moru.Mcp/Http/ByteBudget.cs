namespace Moru.Mcp;

/// <summary>Bytes that are held for clients: so many for all, and fewer for each of them, so that none takes all.</summary>
internal sealed class ByteBudget(long all, long each)
{
    private readonly Dictionary<string, long> held = [];
    private long total;

    /// <returns>False when there are too many.</returns>
    public bool TryTake(string owner, long bytes)
    {
        lock (held)
        {
            var own = held.GetValueOrDefault(owner) + bytes;
            if (own > each || total + bytes > all) return false;
            (held[owner], total) = (own, total + bytes);
            return true;
        }
    }

    public void Give(string owner, long bytes)
    {
        if (bytes == 0) return;
        lock (held)
        {
            total -= bytes;
            if ((held[owner] -= bytes) == 0) held.Remove(owner);
        }
    }
}
