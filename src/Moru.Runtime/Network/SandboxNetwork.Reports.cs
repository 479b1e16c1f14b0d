namespace Moru.Runtime;

/// <summary>What was decided about a sandbox.</summary>
/// <param name="Allowed">Questions and connections by name that were let through.</param>
/// <param name="Refused">Those that were refused.</param>
/// <param name="Decisions">The newest first; of the packet filter, refusals of the last ten minutes.</param>
public sealed record NetworkReport(long Allowed, long Refused, IReadOnlyList<Decision> Decisions);

internal sealed partial class SandboxNetwork
{
    public async Task<NetworkReport?> ReportAsync(string id)
    {
        if (opened is not { } network || !members.TryGetValue(id, out var member)) return null;
        var (allowed, refused) = member.Decisions.Counts;
        var packets = await RefusedPackets.ReadAsync(network.Plan, member.Address, time.GetUtcNow());
        return new NetworkReport(
            allowed, refused + packets.Sum(decision => decision.Count), [.. member.Decisions.List().Concat(packets).OrderByDescending(decision => decision.At)]);
    }

    public async Task<Explanation?> ExplainAsync(string id, string host, CancellationToken cancellationToken)
    {
        if (opened is null || !members.TryGetValue(id, out var member)) return null;
        return await Explanation.OfAsync(host, member.Rules, addresses, async name =>
            await upstream.AskAsync(name, DnsMessage.A, cancellationToken) is { } message && DnsMessage.TryReadAddresses(message, name, out var answer) ? answer.Addresses : []);
    }
}
