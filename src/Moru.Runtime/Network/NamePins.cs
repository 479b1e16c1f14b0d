namespace Moru.Runtime;

/// <summary>
/// Which addresses our resolver gave one sandbox for which names. A connection that names a host must go to one of them, so that a name
/// that is allowed opens no other address.
/// </summary>
internal sealed class NamePins(TimeProvider time)
{
    private const int MostNames = 1024;

    // Programs keep answers longer than they should.
    private static readonly TimeSpan Least = TimeSpan.FromMinutes(10);

    private readonly Lock gate = new();
    private readonly Dictionary<string, Pin> pins = new(StringComparer.Ordinal);

    public void Add(string name, IReadOnlyList<uint> addresses, TimeSpan life)
    {
        var now = time.GetUtcNow();
        var until = now + (life > Least ? life : Least);
        lock (gate)
        {
            if (pins.Count >= MostNames && !pins.ContainsKey(name)) pins.Remove(pins.MinBy(pin => pin.Value.Until).Key);
            // Answers that take turns are all good until they are old.
            var kept = pins.TryGetValue(name, out var known) && known.Until > now ? known.Addresses.Except(addresses).Take(64) : [];
            pins[name] = new Pin([.. addresses, .. kept], until);
        }
    }

    public bool Has(string name, uint address)
    {
        lock (gate) return pins.TryGetValue(name, out var pin) && pin.Until > time.GetUtcNow() && pin.Addresses.Contains(address);
    }

    private sealed record Pin(IReadOnlyList<uint> Addresses, DateTimeOffset Until);
}
