using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;

namespace Moru.Runtime;

/// <summary>
/// The network of one data directory's sandboxes: a bridge of their own, the kernel's filter on it, and the resolver and the proxy behind
/// the filter. Where this process cannot filter, sandboxes are on the engine's own bridges, and rules that need more are refused.
/// </summary>
internal sealed partial class SandboxNetwork : IAsyncDisposable
{
    private static readonly TimeSpan WatchPause = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, NetworkMember> members = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<uint, NetworkMember> byAddress = new();
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly Lock choosing = new();
    private readonly DecisionCounter counter = new();
    private readonly IContainerEngine engine;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly PublicAddresses addresses;
    private readonly Upstream upstream;
    private readonly Firewall firewall;
    private readonly string name;
    private readonly string dataDirectory;
    private string? obstacle;
    private volatile Opened? opened;
    private uint lastChosen;

    public SandboxNetwork(RuntimeOptions options, string dataDirectory, IContainerEngine engine, string ownerId, TimeProvider time, ILogger log)
    {
        this.engine = engine;
        this.dataDirectory = dataDirectory;
        this.time = time;
        this.log = log;
        // An interface's name holds 15 characters.
        name = "moru-" + ownerId[..8];
        addresses = PublicAddresses.OfThisMachine(options.OpenedAddresses);
        upstream = new Upstream(options.Resolvers);
        firewall = new Firewall(addresses, () => members.Values.Select(member => member.InFirewall));
        obstacle = NetworkRight.Obstacle();
        if (obstacle is not null) Log.Unguarded(log, obstacle);
    }

    /// <summary>Whether rules are enforced by this machine's kernel; false: why not is in the log.</summary>
    /// <exception cref="RuntimeException">The engine does not answer, or the kernel refused.</exception>
    public async Task<bool> OpenAsync(CancellationToken cancellationToken) => await OpenedAsync(cancellationToken) is not null;

    /// <inheritdoc cref="AdmitAsync(string, EgressRules, CancellationToken)"/>
    public Task<ContainerNetwork?> AdmitAsync(SandboxRecord record, CancellationToken cancellationToken) =>
        AdmitAsync(record.Id, EgressRules.Of(record), cancellationToken);

    /// <summary>Gives a sandbox its address and its rules, before it starts.</summary>
    /// <returns>Null: the engine's own bridges.</returns>
    public async Task<ContainerNetwork?> AdmitAsync(string id, EgressRules rules, CancellationToken cancellationToken)
    {
        if (await OpenedAsync(cancellationToken) is not { } network) return null;
        await MendBridgeAsync(network, cancellationToken);
        var member = Choose(id, rules, network.Plan.Subnet);
        await firewall.AdmitAsync(member.InFirewall);
        return new ContainerNetwork(name, network.Plan.Subnet.ToString(), AddressRange.ToAddress(member.Address).ToString(), network.Gateway.ToString());
    }

    /// <summary>Other rules for a sandbox. Packets of connections that they forbid pass no more.</summary>
    /// <exception cref="RuntimeException"><see cref="RuntimeError.InvalidArgument"/>: its network cannot be filtered.</exception>
    public async Task ChangeAsync(SandboxRecord before, SandboxRecord record)
    {
        if (!members.TryGetValue(record.Id, out var member))
        {
            // Without a filter nothing can be changed, but what is as it was may be asked for.
            if (record.Network.NeedsFilter || record.AllowInternet != before.AllowInternet) throw CannotEnforce();
            return;
        }

        member.Change(EgressRules.Of(record));
        await firewall.AdmitAsync(member.InFirewall);
    }

    /// <summary>Takes address and rules from a sandbox, before its container is removed. Never fails: without rules nothing passes.</summary>
    public async Task LeaveAsync(string id)
    {
        if (!members.TryRemove(id, out var member)) return;
        member.Leave();
        try
        {
            await firewall.ExpelAsync(member.InFirewall);
        }
        catch (RuntimeException failure)
        {
            Log.NotRemoved(log, id, failure.Message);
        }
        finally
        {
            byAddress.TryRemove(member.Address, out _);
        }
    }

    /// <summary>Puts the filter in place again for sandboxes that an earlier process left, or that somebody took it from.</summary>
    public async Task RestoreAsync(IReadOnlyCollection<SandboxRecord> running, CancellationToken cancellationToken)
    {
        if (obstacle is not null || running.Count == 0) return;
        if (await OpenedAsync(cancellationToken) is not { } network) return;
        foreach (var record in running)
        {
            if (members.ContainsKey(record.Id) || !AddressRange.TryParse(record.Address?.Host ?? "", out var address)) continue;
            if (network.Plan.Subnet.Contains(address.First)) Add(new NetworkMember(record.Id, address.First, EgressRules.Of(record), counter, time));
        }

        await firewall.LoadAsync(network.Plan);
    }

    /// <summary>Looks again and again whether the filter is still there.</summary>
    public async Task WatchAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(WatchPause, time, cancellationToken);
            // Nobody can use the network of nobody, and the next sandbox puts back what is missing.
            if (members.IsEmpty || opened is not { } network) continue;
            if (await firewall.RepairAsync()) Log.Repaired(log, name);
            if (counter.IsRead) counter.RefusedPackets(await firewall.RefusedAsync());
            try
            {
                await MendBridgeAsync(network, cancellationToken);
            }
            catch (RuntimeException failure)
            {
                Log.NotMended(log, name, failure.Message);
            }
        }
    }

    /// <summary>The refusal of rules that would be accepted but not kept.</summary>
    public RuntimeException CannotEnforce() => new(
        RuntimeError.InvalidArgument,
        $"this server cannot enforce allowOut and denyOut, except for denyOut ['{NetworkRules.Everything}'] alone: {obstacle ?? "the sandbox is on a network without a filter"}; "
        + "leave them out, or set allow_internet_access to false.");

    /// <summary>Leaves the bridge and its filter for the next server of the data directory: making them anew takes longer than a client waits for an end.</summary>
    public async ValueTask DisposeAsync()
    {
        if (opened is { } network)
        {
            await network.Proxy.DisposeAsync();
            await network.Resolver.DisposeAsync();
        }

        firewall.Dispose();
        counter.Dispose();
        gate.Dispose();
    }

    private async Task<Opened?> OpenedAsync(CancellationToken cancellationToken)
    {
        if (opened is { } known) return known;
        if (obstacle is not null) return null;
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (opened is null && obstacle is null) opened = await MakeAsync(cancellationToken);
            return opened;
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task<Opened?> MakeAsync(CancellationToken cancellationToken)
    {
        if (!await engine.SharesNetworkAsync(cancellationToken))
        {
            obstacle = "the engine's network is not this machine's, or sandboxes are reached through published ports";
            Log.Unguarded(log, obstacle);
            return null;
        }

        // Nothing is on the bridge yet, or the tables of an earlier process are in place.
        var made = await engine.OpenNetworkAsync(name, dataDirectory, subnet: null, cancellationToken);
        await Firewall.RemoveForsakenAsync();
        var subnet = AddressRange.Parse(made.Subnet);
        var gateway = IPAddress.Parse(made.Gateway);
        var resolver = new Resolver(gateway, MemberAt, upstream, addresses, time, log);
        var proxy = new NameProxy(gateway, MemberAt, resolver, addresses, time, log);
        try
        {
            var plan = new FirewallPlan(name, subnet, resolver.Port, proxy.Port, VolumeLibc.EffectiveUser());
            await firewall.LoadAsync(plan);
            return new Opened(plan, gateway, resolver, proxy);
        }
        catch
        {
            await proxy.DisposeAsync();
            await resolver.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes the bridge again when somebody removed it: to the engine it looks unused, so that a prune takes it.</summary>
    private async Task MendBridgeAsync(Opened network, CancellationToken cancellationToken)
    {
        if (Veth.Exists(name)) return;
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (Veth.Exists(name)) return;
            await engine.OpenNetworkAsync(name, dataDirectory, network.Plan.Subnet.ToString(), cancellationToken);
            await Veth.RejoinAsync(name, members.Values.Select(member => member.Address));
            Log.Mended(log, name);
        }
        finally
        {
            gate.Release();
        }
    }

    private NetworkMember? MemberAt(IPAddress address) => byAddress.GetValueOrDefault(AddressRange.ToNumber(address));

    /// <summary>Addresses are given out in turns, so that one which was just left is not soon another's.</summary>
    private NetworkMember Choose(string id, EgressRules rules, AddressRange subnet)
    {
        lock (choosing)
        {
            // Not the network's own address, the bridge's, and that of the broadcast.
            var (first, last) = (subnet.First + 2, subnet.Last - 1);
            for (var tries = first; tries <= last; tries++)
            {
                lastChosen = lastChosen < first || lastChosen >= last ? first : lastChosen + 1;
                if (byAddress.ContainsKey(lastChosen)) continue;
                var member = new NetworkMember(id, lastChosen, rules, counter, time);
                Add(member);
                return member;
            }
        }

        throw new RuntimeException(RuntimeError.LimitReached, "All addresses of the sandboxes' network are in use; kill a sandbox first.");
    }

    private void Add(NetworkMember member)
    {
        members[member.Id] = member;
        byAddress[member.Address] = member;
    }

    private sealed record Opened(FirewallPlan Plan, IPAddress Gateway, Resolver Resolver, NameProxy Proxy);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Network rules of sandboxes cannot be enforced: {Obstacle}. Sandboxes with internet access reach whatever this machine reaches")]
        public static partial void Unguarded(ILogger log, string obstacle);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Somebody removed the packet filter of {Name}; it is in place again")]
        public static partial void Repaired(ILogger log, string name);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Somebody removed the network {Name}; it is made again, and its sandboxes are on it")]
        public static partial void Mended(ILogger log, string name);

        [LoggerMessage(Level = LogLevel.Error, Message = "Somebody removed the network {Name}, and it cannot be made again: {Problem}")]
        public static partial void NotMended(ILogger log, string name, string problem);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The network rules of sandbox {SandboxId} were not removed: {Problem}")]
        public static partial void NotRemoved(ILogger log, string sandboxId, string problem);
    }
}
