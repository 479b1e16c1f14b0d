namespace Moru.Mcp;

/// <summary>What is held for clients, such as bytes or sessions: so much for all, and less for each of them, so that none takes all.</summary>
internal sealed class Budget(long all, long each)
{
    private readonly Dictionary<string, long> held = [];
    private long total;

    /// <returns>False when it is too much.</returns>
    public bool TryTake(string owner, long amount)
    {
        lock (held)
        {
            var own = held.GetValueOrDefault(owner) + amount;
            if (own > each || total + amount > all) return false;
            (held[owner], total) = (own, total + amount);
            return true;
        }
    }

    public void Give(string owner, long amount)
    {
        if (amount == 0) return;
        lock (held)
        {
            total -= amount;
            if ((held[owner] -= amount) == 0) held.Remove(owner);
        }
    }
}
