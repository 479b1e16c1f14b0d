using System.Globalization;

namespace Moru.Runtime;

/// <summary>One bridge and what is filtered on it.</summary>
/// <param name="Bridge">Name of the bridge, which the tables are named after.</param>
/// <param name="Subnet">Addresses on it.</param>
/// <param name="ResolverPort">Port of our resolver on the bridge's own address, UDP and TCP.</param>
/// <param name="NameProxyPort">Port of our proxy that checks names, there too.</param>
/// <param name="ServerUser">The user whose processes may open connections to sandboxes.</param>
internal sealed record FirewallPlan(string Bridge, AddressRange Subnet, int ResolverPort, int NameProxyPort, uint ServerUser)
{
    public string Table => Bridge.Replace('-', '_');
}

/// <summary>One sandbox on the bridge.</summary>
internal sealed record FirewallSandbox(string Id, uint Address, EgressRules Rules)
{
    /// <summary>The hardware address follows from the other one, as Docker does it too.</summary>
    public static string MacOf(uint address) =>
        string.Create(CultureInfo.InvariantCulture, $"02:42:{address >> 24:x2}:{address >> 16 & 0xff:x2}:{address >> 8 & 0xff:x2}:{address & 0xff:x2}");
}

/// <summary>
/// The filter in nft's language. Whoever is not named in its maps reaches nothing: a sandbox gets its way out before it starts, and without
/// this table the network has no way out at all, since the address translation is in it too. Ranges are rules of their own and no sets:
/// while a table is replaced the kernel lets the new rules work a moment before it finds anything in new sets, and what is not found
/// in a set must not be what opens a way. Pure.
/// </summary>
internal static class FirewallText
{
    /// <summary>The tables with all their sandboxes, in place of what was there.</summary>
    public static string Load(FirewallPlan plan, PublicAddresses addresses, IEnumerable<FirewallSandbox> sandboxes) =>
        $$"""
        {{Remove(plan.Table)}}
        table inet {{plan.Table}} {
          set known { type ether_addr . ipv4_addr; }
          set refused { type ipv4_addr . ipv4_addr . inet_proto . inet_service; size 16384; flags dynamic,timeout; timeout 10m; counter; }
          map out { type ipv4_addr : verdict; }
          map back { type ipv4_addr : verdict; }
          map turn { type ipv4_addr : verdict; }
          counter refusals { packets 0 bytes 0 }

          chain enter {
            type filter hook prerouting priority raw; policy accept;
            iifname "{{plan.Bridge}}" jump identify
          }
          chain identify {
            meta nfproto != ipv4 drop
            ether saddr . ip saddr != @known counter name refusals drop
          }
          chain detour {
            type nat hook prerouting priority dstnat - 5; policy accept;
            iifname "{{plan.Bridge}}" ip saddr vmap @turn
          }
          chain pass {
            type filter hook forward priority filter - 5; policy accept;
            iifname "{{plan.Bridge}}" goto leave
            oifname "{{plan.Bridge}}" goto return_
          }
          chain leave {
            oifname "{{plan.Bridge}}" goto refuse
            fib daddr type != unicast goto refuse
            {{Each(addresses.Opened, "daddr", "goto decide")}}
            {{Each(addresses.Closed, "daddr", "goto refuse")}}
            goto decide
          }
          chain decide {
            ip saddr vmap @out
            goto refuse
          }
          chain special {
            fib daddr type != unicast accept
            {{Each(addresses.Opened, "daddr", "return")}}
            {{Each(addresses.Closed, "daddr", "accept")}}
          }
          chain return_ {
            ct state related meta l4proto icmp accept
            ct state != established drop
            ct direction original drop
            ip daddr vmap @back
            drop
          }
          chain host {
            type filter hook input priority filter - 5; policy accept;
            iifname "{{plan.Bridge}}" goto serve
          }
          chain serve {
            ct state established ct direction reply accept
            ct status dnat meta l4proto { tcp, udp } th dport {{plan.ResolverPort}} accept
            ct status dnat tcp dport {{plan.NameProxyPort}} accept
            goto refuse
          }
          chain visit {
            type filter hook output priority filter - 5; policy accept;
            oifname "{{plan.Bridge}}" ct direction original meta skuid != {{plan.ServerUser}} drop
          }
          chain hide {
            type nat hook postrouting priority srcnat - 5; policy accept;
            ip saddr {{plan.Subnet}} oifname != "{{plan.Bridge}}" masquerade
          }
          chain refuse {
            counter name refusals
            meta l4proto { tcp, udp } update @refused { ip saddr . ip daddr . meta l4proto . th dport }
            meta l4proto tcp reject with tcp reset
            udp dport 53 reject
            drop
          }
        }
        table bridge {{plan.Table}} {
          set ports { type ifname; }
          set owners { type ifname . ether_addr; }
          set known { type ifname . ether_addr . ipv4_addr; }
          chain between {
            type filter hook forward priority filter; policy accept;
            arp saddr ip {{plan.Subnet}} drop
            arp daddr ip {{plan.Subnet}} drop
            ip saddr {{plan.Subnet}} drop
            ip daddr {{plan.Subnet}} drop
          }
          chain claim {
            type filter hook prerouting priority filter; policy accept;
            iifname @ports iifname . ether saddr != @owners drop
            arp saddr ip {{plan.Subnet}} iifname . arp saddr ether . arp saddr ip != @known drop
            arp saddr ip {{plan.Subnet}} iifname . ether saddr . arp saddr ip != @known drop
            ip saddr {{plan.Subnet}} iifname . ether saddr . ip saddr != @known drop
          }
        }
        {{string.Concat(sandboxes.Select(sandbox => Admit(plan, sandbox)))}}
        """;

    /// <summary>Gives a sandbox its rules, or other ones.</summary>
    public static string Admit(FirewallPlan plan, FirewallSandbox sandbox)
    {
        var (table, id, rules) = (plan.Table, sandbox.Id, sandbox.Rules);
        var address = AddressRange.ToAddress(sandbox.Address);
        var (port, mac) = (Veth.NameOf(sandbox.Address), FirewallSandbox.MacOf(sandbox.Address));
        return string.Join('\n',
        [
            .. Chain(table, "out_" + id, Rules(rules, "daddr", "goto refuse")),
            .. Chain(table, "back_" + id, Rules(rules, "saddr", "drop")),
            .. Chain(table, "turn_" + id, Turns(plan, rules)),
            $"add element inet {table} out {{ {address} : goto out_{id} }}",
            $"add element inet {table} back {{ {address} : goto back_{id} }}",
            $"add element inet {table} turn {{ {address} : goto turn_{id} }}",
            $"add element inet {table} known {{ {mac} . {address} }}",
            $"add element bridge {table} ports {{ {port} }}",
            $"add element bridge {table} owners {{ {port} . {mac} }}",
            $"add element bridge {table} known {{ {port} . {mac} . {address} }}",
            "",
        ]);
    }

    /// <summary>Takes everything from a sandbox.</summary>
    public static string Expel(FirewallPlan plan, FirewallSandbox sandbox)
    {
        var (table, id, address) = (plan.Table, sandbox.Id, AddressRange.ToAddress(sandbox.Address));
        var (port, mac) = (Veth.NameOf(sandbox.Address), FirewallSandbox.MacOf(sandbox.Address));
        return string.Join('\n',
        [
            .. ((string[])["out", "back", "turn"]).SelectMany(map => (string[])
            [
                $"delete element inet {table} {map} {{ {address} }}",
                $"delete chain inet {table} {map}_{id}",
            ]),
            $"delete element inet {table} known {{ {mac} . {address} }}",
            $"delete element bridge {table} ports {{ {port} }}",
            $"delete element bridge {table} owners {{ {port} . {mac} }}",
            $"delete element bridge {table} known {{ {port} . {mac} . {address} }}",
            "",
        ]);
    }

    /// <summary>Removes the tables, which need not be there.</summary>
    public static string Remove(string table) =>
        $"""
        add table inet {table}
        delete table inet {table}
        add table bridge {table}
        delete table bridge {table}
        """;

    private static IEnumerable<string> Chain(string table, string chain, IEnumerable<string> rules) =>
    [
        $"add chain inet {table} {chain}",
        $"flush chain inet {table} {chain}",
        .. rules.Select(rule => $"add rule inet {table} {chain} {rule}"),
    ];

    private static IEnumerable<string> Rules(EgressRules rules, string side, string refuse)
    {
        foreach (var allowed in rules.Allow) yield return $"ip {side} {allowed} counter accept";
        if (rules.DeniesAll)
        {
            yield return "counter " + refuse;
            yield break;
        }

        foreach (var denied in rules.Deny) yield return $"ip {side} {denied} counter {refuse}";
        yield return "counter accept";
    }

    /// <summary>What goes to this machine's resolver and proxy, whatever address it was sent to.</summary>
    private static IEnumerable<string> Turns(FirewallPlan plan, EgressRules rules)
    {
        var allowed = rules.Allow.Select(range => $"ip daddr {range} accept");
        if (rules.Names.Count == 0 && rules.DeniesAll) return [];
        string[] questions = [$"udp dport 53 redirect to :{plan.ResolverPort}", $"tcp dport 53 redirect to :{plan.ResolverPort}"];
        return rules.Names.Count == 0
            ? [.. allowed, .. questions]
            : [.. questions, .. allowed, "jump special", $"meta l4proto tcp redirect to :{plan.NameProxyPort}"];
    }

    private static string Each(IEnumerable<AddressRange> ranges, string side, string verdict) =>
        string.Join("\n    ", ranges.Select(range => $"ip {side} {range} {verdict}"));
}
