namespace Moru.Tools;

/// <summary>How long sandboxes that this session has paused had to live, of the last 64; a server does not keep that.</summary>
internal sealed class PausedLives(TimeProvider time)
{
    private const int Capacity = 64;

    private readonly Lock guard = new();
    private readonly OrderedDictionary<string, TimeSpan> left = [];

    public void Keep(string sandboxId, DateTimeOffset end)
    {
        lock (guard)
        {
            left.Remove(sandboxId);
            if (left.Count >= Capacity) left.RemoveAt(0);
            left.Add(sandboxId, end - time.GetUtcNow());
        }
    }

    /// <returns>Zero when it was not this session that paused it.</returns>
    public TimeSpan Take(string sandboxId)
    {
        lock (guard) return left.Remove(sandboxId, out var life) ? life : TimeSpan.Zero;
    }
}
