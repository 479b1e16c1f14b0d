namespace Moru.Runtime;

/// <summary>What a sandbox's rules say about the connections it opens, in parts that can be enforced. What is allowed beats what is denied.</summary>
/// <param name="Allow">Ranges that may be reached.</param>
/// <param name="Names">Names that may be reached: <c>host.example</c>, <c>*.example</c>, <c>*</c>.</param>
/// <param name="Deny">Ranges that may not.</param>
internal sealed record EgressRules(IReadOnlyList<AddressRange> Allow, IReadOnlyList<string> Names, IReadOnlyList<AddressRange> Deny)
{
    /// <summary>Whether nothing at all may leave, DNS included.</summary>
    public bool IsClosed => DeniesAll && Allow.Count == 0 && Names.Count == 0;

    public bool DeniesAll => Deny.Contains(AddressRange.Everything);

    public static EgressRules Of(SandboxRecord record) => Of(record.Network, record.AllowInternet);

    public static EgressRules Of(NetworkRules rules, bool allowInternet)
    {
        List<AddressRange> allow = [];
        List<string> names = [];
        foreach (var entry in rules.AllowOut)
        {
            if (AddressRange.TryParse(entry, out var range)) allow.Add(range);
            else names.Add(entry.ToLowerInvariant());
        }

        return new EgressRules(allow, names, allowInternet ? [.. rules.DenyOut.Select(AddressRange.Parse)] : [AddressRange.Everything]);
    }

    /// <param name="name">In lower case, without a dot at its end.</param>
    /// <returns>The entry that allows it; null: none does.</returns>
    public string? EntryFor(string name) => Names.FirstOrDefault(entry =>
        entry == "*" || entry == name || (entry.StartsWith("*.", StringComparison.Ordinal) && name.EndsWith(entry[1..], StringComparison.Ordinal) && name.Length > entry.Length - 1));
}
