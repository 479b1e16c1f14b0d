using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Moru.Runtime;

/// <summary>What the packet filter refused of one sandbox in the last ten minutes, as the kernel keeps note of it.</summary>
internal static class RefusedPackets
{
    public static async Task<IReadOnlyList<Decision>> ReadAsync(FirewallPlan plan, uint address, DateTimeOffset now) =>
        Read(await Nft.AskAsync("--json", "list", "set", "inet", plan.Table, "refused"), AddressRange.ToAddress(address), now);

    internal static IReadOnlyList<Decision> Read(string json, IPAddress sandbox, DateTimeOffset now)
    {
        List<Decision> found = [];
        using var document = JsonDocument.Parse(json);
        foreach (var item in document.RootElement.GetProperty("nftables").EnumerateArray())
        {
            if (!item.TryGetProperty("set", out var set) || !set.TryGetProperty("elem", out var elements)) continue;
            foreach (var element in elements.EnumerateArray().Select(element => element.GetProperty("elem")))
            {
                var parts = element.GetProperty("val").GetProperty("concat");
                if (parts[0].GetString() != sandbox.ToString()) continue;
                // An element's own life is told only where it is not that of the set.
                var age = set.GetProperty("timeout").GetInt32() - element.GetProperty("expires").GetInt32();
                var target = string.Create(CultureInfo.InvariantCulture, $"{parts[2]} {parts[1]}:{parts[3]}");
                found.Add(new Decision(
                    now - TimeSpan.FromSeconds(age), DecisionSource.PacketFilter, target, IsAllowed: false, "the rules do not let it pass",
                    element.GetProperty("counter").GetProperty("packets").GetInt64()));
            }
        }

        return found;
    }
}
