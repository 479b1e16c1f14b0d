namespace Moru.Runtime;

/// <summary>Whether a sandbox may reach a host, and what decides it.</summary>
/// <param name="Host">As it was asked for.</param>
/// <param name="IsAllowed">Whether it may.</param>
/// <param name="Reason">What decides, as the end of a sentence.</param>
public sealed record Explanation(string Host, bool IsAllowed, string Reason)
{
    /// <summary>The same questions in the same order as the packet filter, the resolver and the proxy ask them.</summary>
    /// <param name="host">An address or a name.</param>
    /// <param name="rules">Of the sandbox.</param>
    /// <param name="addresses">What is public.</param>
    /// <param name="resolve">Addresses of a name.</param>
    internal static async Task<Explanation> OfAsync(
        string host, EgressRules rules, PublicAddresses addresses, Func<string, Task<IReadOnlyList<uint>>> resolve)
    {
        if (rules.IsClosed) return new(host, false, "the sandbox has no internet access");
        if (AddressRange.TryParse(host, out var range) && range.Prefix == 32) return OfAddress(host, range.First, rules, addresses);
        if (!HostName.TryParse(host, out var name)) return new(host, false, "it is no plain host name and no IPv4 address");

        var entry = rules.EntryFor(name);
        if (rules.DeniesAll && entry is null) return new(host, false, "no rule allows the name, so that it is not even resolved");
        var found = await resolve(name);
        if (found.Count == 0) return new(host, false, "the name has no IPv4 address");
        if (entry is null) return found.Select(address => OfAddress(host, address, rules, addresses)).OrderByDescending(each => each.IsAllowed).First();

        return found.FirstOrDefault(addresses.IsPublic) is var address and not 0
            ? new(host, true, $"'{entry}' allows the name, for TLS and HTTP, at {AddressRange.ToAddress(address)}{Opened(addresses, address)}")
            : OfAddress(host, found[0], rules, addresses);
    }

    private static Explanation OfAddress(string host, uint address, EgressRules rules, PublicAddresses addresses)
    {
        var text = AddressRange.ToAddress(address);
        if (addresses.WhyNot(address) is { } what) return new(host, false, $"{text} belongs to {what}, which no rule opens");
        if (First(rules.Allow, address) is { } allowed) return new(host, true, $"'{allowed}' allows {text}");
        if (rules.Names.Count > 0) return new(host, false, $"{text} is reached by an allowed name alone, in TLS or HTTP");
        if (First(rules.Deny, address) is { } denied) return new(host, false, $"'{denied}' denies {text}");
        return new(host, true, $"{text} is public and no rule denies it{Opened(addresses, address)}");
    }

    private static AddressRange? First(IReadOnlyList<AddressRange> ranges, uint address)
    {
        foreach (var range in ranges)
            if (range.Contains(address)) return range;
        return null;
    }

    private static string Opened(PublicAddresses addresses, uint address) =>
        addresses.NameOf(address) is { } name ? $"; the operator opened it as '{name}'" : "";
}
