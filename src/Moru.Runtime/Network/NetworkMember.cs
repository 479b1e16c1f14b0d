namespace Moru.Runtime;

/// <summary>A sandbox on the network: its address and rules, and what it was answered and refused.</summary>
internal sealed class NetworkMember(string id, uint address, EgressRules rules, DecisionCounter counter, TimeProvider time)
{
    private volatile EgressRules rules = rules;
    private int connections;

    public string Id { get; } = id;

    public uint Address { get; } = address;

    public EgressRules Rules => rules;

    public Decisions Decisions { get; } = new(counter, time);

    public NamePins Pins { get; } = new(time);

    public Bucket Questions { get; } = new(perSecond: 50, burst: 200, time);

    /// <summary>Rung when the rules changed or the sandbox left: its connections through the proxy look again whether they may go on.</summary>
    public event Action? Changed;

    public FirewallSandbox InFirewall => new(Id, Address, Rules);

    /// <summary>Counts a connection.</summary>
    public bool TryOpen(int most)
    {
        if (Interlocked.Increment(ref connections) <= most) return true;
        Decisions.Add(DecisionSource.NameProxy, "(connections)", isAllowed: false, $"it has {most} connections open");
        Close();
        return false;
    }

    public void Close() => Interlocked.Decrement(ref connections);

    public void Change(EgressRules next)
    {
        rules = next;
        Changed?.Invoke();
    }

    public void Leave() => Change(new EgressRules([], [], [AddressRange.Everything]));
}
