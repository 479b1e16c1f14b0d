namespace Moru.Runtime;

/// <summary>A sandbox on the network: its address and rules, and what it was answered and refused.</summary>
internal sealed class NetworkMember
{
    private const int MostThroughProxy = 256;
    private const int MostToResolver = 8;

    private volatile EgressRules rules;

    public NetworkMember(string id, uint address, EgressRules rules, DecisionCounter counter, TimeProvider time)
    {
        (Id, Address, this.rules) = (id, address, rules);
        Decisions = new Decisions(counter, time);
        Pins = new NamePins(time);
        Questions = new Bucket(perSecond: 50, burst: 200, time);
        ThroughProxy = new OpenConnections(MostThroughProxy, DecisionSource.NameProxy, Decisions);
        ToResolver = new OpenConnections(MostToResolver, DecisionSource.Resolver, Decisions);
    }

    public string Id { get; }

    public uint Address { get; }

    public EgressRules Rules => rules;

    public Decisions Decisions { get; }

    public NamePins Pins { get; }

    public Bucket Questions { get; }

    public OpenConnections ThroughProxy { get; }

    public OpenConnections ToResolver { get; }

    /// <summary>Rung when the rules changed or the sandbox left: its connections through the proxy look again whether they may go on.</summary>
    public event Action? Changed;

    public FirewallSandbox InFirewall => new(Id, Address, Rules);

    public void Change(EgressRules next)
    {
        rules = next;
        Changed?.Invoke();
    }

    public void Leave() => Change(new EgressRules([], [], [AddressRange.Everything]));
}
