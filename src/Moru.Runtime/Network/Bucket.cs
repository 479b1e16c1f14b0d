namespace Moru.Runtime;

/// <summary>A bound on how often something happens: so many at once, refilled evenly.</summary>
internal sealed class Bucket(int perSecond, int burst, TimeProvider time)
{
    private readonly Lock gate = new();
    private double level = burst;
    private long filledAt = time.GetTimestamp();

    public bool TryTake()
    {
        lock (gate)
        {
            var now = time.GetTimestamp();
            level = Math.Min(burst, level + time.GetElapsedTime(filledAt, now).TotalSeconds * perSecond);
            filledAt = now;
            if (level < 1) return false;
            level--;
            return true;
        }
    }
}
