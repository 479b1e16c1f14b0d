using System.Globalization;
using System.Text.RegularExpressions;

namespace Moru.Runtime;

/// <summary>The kernel's packet filter on one bridge. It stays when this process ends, so that nothing opens then.</summary>
internal sealed partial class Firewall(PublicAddresses addresses, Func<IEnumerable<FirewallSandbox>> sandboxes) : IDisposable
{
    private readonly SemaphoreSlim gate = new(1, 1);
    private volatile FirewallPlan? plan;

    /// <summary>Replaces everything at once: there is no moment without a filter.</summary>
    public async Task LoadAsync(FirewallPlan next)
    {
        await gate.WaitAsync();
        try
        {
            await Nft.ApplyAsync(FirewallText.Load(next, addresses, sandboxes()));
            plan = next;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Gives a sandbox its rules, or other ones.</summary>
    public Task AdmitAsync(FirewallSandbox sandbox) => ChangeAsync(plan => FirewallText.Admit(plan, sandbox));

    /// <summary>Takes everything from a sandbox that is not among the sandboxes any more.</summary>
    public Task ExpelAsync(FirewallSandbox sandbox) => ChangeAsync(plan => FirewallText.Expel(plan, sandbox));

    /// <summary>Puts the tables back when somebody has removed them, as a restart of another firewall does.</summary>
    /// <returns>Whether they were missing.</returns>
    public async Task<bool> RepairAsync()
    {
        if (plan is not { } known) return false;
        var tables = (await Nft.AskAsync("list", "tables")).Split('\n');
        if (tables.Contains($"table inet {known.Table}") && tables.Contains($"table bridge {known.Table}")) return false;
        await LoadAsync(known);
        return true;
    }

    /// <summary>How many packets were refused since the tables were put in place.</summary>
    public async Task<long> RefusedAsync() =>
        plan is { } known ? long.Parse(Packets().Match(await Nft.AskAsync("list", "counter", "inet", known.Table, "refusals")).Groups["count"].ValueSpan, CultureInfo.InvariantCulture) : 0;

    /// <summary>Removes the tables of bridges that are gone, since the engine may give their addresses to another bridge.</summary>
    public static async Task RemoveForsakenAsync()
    {
        var tables = Table().Matches(await Nft.AskAsync("list", "tables")).Select(table => table.Groups["id"].Value).Distinct();
        var forsaken = tables.Where(id => !Directory.Exists("/sys/class/net/moru-" + id)).Select(id => FirewallText.Remove("moru_" + id));
        if (string.Join('\n', forsaken) is { Length: > 0 } removal) await Nft.ApplyAsync(removal);
    }

    public void Dispose() => gate.Dispose();

    private async Task ChangeAsync(Func<FirewallPlan, string> change)
    {
        await gate.WaitAsync();
        try
        {
            if (plan is null) return;
            try
            {
                await Nft.ApplyAsync(change(plan));
            }
            catch (RuntimeException)
            {
                // Somebody changed or removed the tables: put everything back as it should be, of which this change is a part.
                await Nft.ApplyAsync(FirewallText.Load(plan, addresses, sandboxes()));
            }
        }
        finally
        {
            gate.Release();
        }
    }

    [GeneratedRegex("^table (inet|bridge) moru_(?<id>[0-9a-f]{8})$", RegexOptions.Multiline)]
    private static partial Regex Table();

    [GeneratedRegex("packets (?<count>[0-9]+)")]
    private static partial Regex Packets();
}
