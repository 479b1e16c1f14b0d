using System.Collections.Concurrent;
using System.Net;
using Docker.DotNet;
using Docker.DotNet.Models;

namespace Moru.Runtime;

/// <summary>
/// The two bridges that all sandboxes share: one with a way out, one without. Sandboxes on them cannot reach each other. Made when absent.
/// </summary>
internal sealed partial class DockerNetworks(DockerClient client)
{
    private const string IsolationOption = "com.docker.network.bridge.enable_icc";

    private readonly ConcurrentDictionary<string, string> known = new(StringComparer.Ordinal);

    public async Task<string> IdAsync(bool allowInternet, CancellationToken cancellationToken)
    {
        var name = allowInternet ? "moru" : "moru-offline";
        if (known.TryGetValue(name, out var id)) return id;

        var network = await FindAsync(name, cancellationToken) ?? await MakeAsync(name, isInternal: !allowInternet, cancellationToken);
        Check(network, name, isInternal: !allowInternet);
        return known[name] = network.ID;
    }

    /// <summary>After someone removed a network.</summary>
    public void Forget() => known.Clear();

    /// <summary>Docker allows two networks of one name; everybody takes the oldest.</summary>
    private async Task<NetworkResponse?> FindAsync(string name, CancellationToken cancellationToken)
    {
        var parameters = new NetworksListParameters
        {
            Filters = new Dictionary<string, IDictionary<string, bool>> { ["name"] = new Dictionary<string, bool> { [name] = true } },
        };
        var networks = await client.Networks.ListNetworksAsync(parameters, cancellationToken);
        return networks.Where(network => network.Name == name)
            .OrderBy(network => network.Created).ThenBy(network => network.ID, StringComparer.Ordinal).FirstOrDefault();
    }

    private async Task<NetworkResponse> MakeAsync(string name, bool isInternal, CancellationToken cancellationToken)
    {
        string? made = null;
        try
        {
            made = (await client.Networks.CreateNetworkAsync(
                new NetworksCreateParameters
                {
                    Name = name,
                    Driver = "bridge",
                    Internal = isInternal,
                    Options = new Dictionary<string, string> { [IsolationOption] = "false" },
                },
                cancellationToken)).ID;
        }
        catch (DockerApiException conflict) when (conflict.StatusCode is HttpStatusCode.Conflict)
        {
            // Newer engines refuse a second one of the name: somebody else was faster.
        }

        var oldest = await FindAsync(name, cancellationToken)
            ?? throw Vanished(name);
        if (made is not null && made != oldest.ID) await client.Networks.DeleteNetworkAsync(made, cancellationToken);
        return oldest;
    }

    private static void Check(NetworkResponse network, string name, bool isInternal)
    {
        var isolated = network.Options?.TryGetValue(IsolationOption, out var icc) == true && icc == "false";
        if (isolated && network.Internal == isInternal) return;
        throw new RuntimeException(
            RuntimeError.StartFailed,
            $"The Docker network '{name}' was not made by Moru and does not isolate sandboxes; remove it with 'docker network rm {name}'.");
    }
}
