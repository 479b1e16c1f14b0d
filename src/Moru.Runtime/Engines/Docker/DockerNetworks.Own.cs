using System.Globalization;
using System.Net;
using Docker.DotNet;
using Docker.DotNet.Models;

namespace Moru.Runtime;

/// <summary>Bridges of single data directories. What passes on them is for the firewall to say, and so is the address translation.</summary>
internal sealed partial class DockerNetworks
{
    private const string DirectoryLabel = "moru.data";
    private const string OwnPrefix = "moru-";

    // The range for benchmarks of networks (RFC 2544): no office and no VPN is there, and the engine's own pools have room for thirty bridges only.
    private const uint FirstSubnet = 198u << 24 | 18u << 16;
    private const int SubnetPrefix = 22;
    private const uint Subnets = 128;

    public async Task<EngineNetwork> OpenAsync(string name, string dataDirectory, string? subnet, CancellationToken cancellationToken)
    {
        if (await FindAsync(name, cancellationToken) is { } existing) return Described(existing);
        await RemoveForsakenAsync(cancellationToken);
        foreach (var candidate in subnet is null ? SubnetsFor(name) : [subnet])
        {
            if (await TryMakeAsync(name, candidate, dataDirectory, cancellationToken))
                return Described(await FindAsync(name, cancellationToken) ?? throw Vanished(name));
        }

        throw new RuntimeException(RuntimeError.StartFailed, subnet is null
            ? "No addresses are left for another network of sandboxes; remove unused ones with 'docker network prune'."
            : $"Another Docker network took the addresses {subnet} of network '{name}'; remove it with 'docker network rm', then kill the sandboxes.");
    }

    /// <summary>All that there are, beginning where the name says, so that servers seldom want the same one.</summary>
    private static IEnumerable<string> SubnetsFor(string name)
    {
        var first = uint.Parse(name.AsSpan(OwnPrefix.Length, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        for (var tries = 0u; tries < Subnets; tries++)
            yield return new AddressRange(FirstSubnet + ((first + tries) % Subnets << 32 - SubnetPrefix), SubnetPrefix).ToString();
    }

    /// <returns>False when the addresses belong to another network.</returns>
    private async Task<bool> TryMakeAsync(string name, string subnet, string dataDirectory, CancellationToken cancellationToken)
    {
        try
        {
            await client.Networks.CreateNetworkAsync(
                new NetworksCreateParameters
                {
                    Name = name,
                    Driver = "bridge",
                    Labels = new Dictionary<string, string> { [DirectoryLabel] = dataDirectory },
                    IPAM = new IPAM { Config = [new IPAMConfig { Subnet = subnet }] },
                    Options = new Dictionary<string, string>
                    {
                        [IsolationOption] = "false",
                        ["com.docker.network.bridge.name"] = name,
                        ["com.docker.network.bridge.enable_ip_masquerade"] = "false",
                    },
                },
                cancellationToken);
            return true;
        }
        catch (DockerApiException taken) when (taken.ResponseBody?.Contains("overlap", StringComparison.OrdinalIgnoreCase) == true)
        {
            return false;
        }
    }

    /// <summary>Networks of data directories that were deleted.</summary>
    private async Task RemoveForsakenAsync(CancellationToken cancellationToken)
    {
        var parameters = new NetworksListParameters
        {
            Filters = new Dictionary<string, IDictionary<string, bool>> { ["label"] = new Dictionary<string, bool> { [DirectoryLabel] = true } },
        };
        foreach (var network in await client.Networks.ListNetworksAsync(parameters, cancellationToken))
        {
            if (network.Labels?.TryGetValue(DirectoryLabel, out var directory) == true && directory.Length > 0 && !Directory.Exists(directory))
                await TryRemoveAsync(network.ID, cancellationToken);
        }
    }

    private async Task TryRemoveAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            await client.Networks.DeleteNetworkAsync(name, cancellationToken);
        }
        catch (DockerApiException kept) when (kept.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.Conflict or HttpStatusCode.NotFound)
        {
            // A container is on it still, or another server removed it first.
        }
    }

    private static EngineNetwork Described(NetworkResponse network)
    {
        var isOurs = network.Options?.TryGetValue("com.docker.network.bridge.name", out var bridge) == true && bridge == network.Name;
        return isOurs && network.IPAM?.Config?.FirstOrDefault() is { Subnet: { } subnet } config
            ? new EngineNetwork(subnet, config.Gateway is { Length: > 0 } gateway ? gateway : AddressRange.ToAddress(AddressRange.Parse(subnet).First + 1).ToString())
            : throw new RuntimeException(RuntimeError.StartFailed, $"The Docker network '{network.Name}' was not made by Moru; remove it with 'docker network rm {network.Name}'.");
    }

    private static RuntimeException Vanished(string name) => new(RuntimeError.StartFailed, $"Docker Engine made no network '{name}'; try again.");
}
