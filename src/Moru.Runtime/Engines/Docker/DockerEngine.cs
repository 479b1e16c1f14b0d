using System.Diagnostics;
using System.Globalization;
using System.Net;
using Docker.DotNet;
using Docker.DotNet.Models;
using Moru.Protocol;

namespace Moru.Runtime;

/// <summary>The Docker Engine on this machine, through its HTTP API from version 1.41 up.</summary>
public sealed class DockerEngine : IContainerEngine
{
    // Docker names no machine for its containers: it is always the one it runs on.
    private const string NodeId = "local";

    private static readonly TimeSpan FreezePause = TimeSpan.FromMilliseconds(50);

    private readonly DockerClient client;
    private readonly DockerErrors errors;
    private readonly DockerNetworks networks;
    private readonly DockerEvents events;
    private readonly DockerImages images;
    private volatile SandboxAddressing addressing;
    private volatile bool limitsDisks = true;
    private volatile bool isExplored;

    /// <param name="endpoint">
    /// Such as <c>unix:///var/run/docker.sock</c> or <c>tcp://127.0.0.1:2375</c>; null: <c>DOCKER_HOST</c>, else the default socket.
    /// </param>
    /// <param name="addressing">How sandboxes that it starts are reached.</param>
    /// <exception cref="RuntimeException"><see cref="RuntimeError.EngineUnavailable"/>: no engine can have this address.</exception>
    public DockerEngine(string? endpoint = null, SandboxAddressing addressing = SandboxAddressing.Automatic)
    {
        this.addressing = addressing;
        Endpoint = endpoint ?? FromEnvironment();
        // Bounds are ours, call by call; the client's own would also end the stream of events.
        client = new DockerClientBuilder().WithEndpoint(DockerAddress.Parse(Endpoint)).WithTimeout(Timeout.InfiniteTimeSpan).Build();
        errors = new DockerErrors(Endpoint);
        networks = new DockerNetworks(client);
        events = new DockerEvents(client, errors);
        images = new DockerImages(client, errors);
    }

    /// <summary>Where the engine is looked for.</summary>
    public string Endpoint { get; }

    /// <summary>How long a call may take that only asks.</summary>
    internal TimeSpan QuestionBound { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a call may take that changes something.</summary>
    internal TimeSpan ChangeBound { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a sandbox that starts processes all the time is tried to be frozen in one call.</summary>
    internal TimeSpan FreezeBound { get; init; } = TimeSpan.FromSeconds(20);

    public async Task<EngineContainer> StartAsync(ContainerSpec spec, CancellationToken cancellationToken)
    {
        try
        {
            return await StartOnceAsync(spec, cancellationToken);
        }
        catch (RuntimeException failure) when (DockerErrors.IsNetworkMissing(failure))
        {
            // Someone pruned the networks since they were looked up.
            networks.Forget();
            await RemoveAsync(spec.SandboxId, cancellationToken);
            return await StartOnceAsync(spec, cancellationToken);
        }
    }

    public Task PauseAsync(string sandboxId, CancellationToken cancellationToken) => errors.CallAsync(
        ChangeBound,
        async limit =>
        {
            var begun = Stopwatch.GetTimestamp();
            while (!await TryPauseAsync(DockerSpec.ContainerName(sandboxId), limit))
            {
                if (Stopwatch.GetElapsedTime(begun) > FreezeBound)
                    throw new RuntimeException(RuntimeError.EngineUnavailable, $"Sandbox '{sandboxId}' starts processes faster than they can be frozen; it is tried again.");
                await Task.Delay(FreezePause, limit);
            }
        },
        cancellationToken);

    public Task<EngineContainer> ResumeAsync(string sandboxId, CancellationToken cancellationToken) => errors.CallAsync(
        ChangeBound,
        async limit =>
        {
            var name = DockerSpec.ContainerName(sandboxId);
            await DockerErrors.UnlessAsync("is not paused", () => client.Containers.UnpauseContainerAsync(name, limit));
            var container = await client.Containers.InspectContainerAsync(name, limit);
            return Running(container) ?? throw new RuntimeException(
                RuntimeError.StartFailed, $"The container of sandbox '{sandboxId}' has ended (exit code {container.State?.ExitCode}).");
        },
        cancellationToken);

    public Task RemoveAsync(string sandboxId, CancellationToken cancellationToken) => errors.CallAsync(
        ChangeBound,
        async limit =>
        {
            try
            {
                await client.Containers.RemoveContainerAsync(
                    DockerSpec.ContainerName(sandboxId), new ContainerRemoveParameters { Force = true, RemoveVolumes = true }, limit);
            }
            catch (DockerApiException gone) when (gone.StatusCode is HttpStatusCode.NotFound)
            {
                // Nothing to remove.
            }
        },
        cancellationToken);

    public Task<IReadOnlyList<OwnedContainer>> ListAsync(string ownerId, CancellationToken cancellationToken) => errors.CallAsync<IReadOnlyList<OwnedContainer>>(
        QuestionBound,
        async limit =>
        {
            var parameters = new ContainersListParameters
            {
                All = true,
                Filters = new Dictionary<string, IDictionary<string, bool>>
                {
                    ["label"] = new Dictionary<string, bool> { [$"{DockerSpec.OwnerLabel}={ownerId}"] = true },
                },
            };
            var containers = await client.Containers.ListContainersAsync(parameters, limit);
            return [.. containers.Where(IsSandbox).Select(Owned)];
        },
        cancellationToken);

    public async Task<bool> SharesNetworkAsync(CancellationToken cancellationToken)
    {
        await ExploreAsync(cancellationToken);
        return addressing is SandboxAddressing.Container;
    }

    public Task<EngineNetwork> OpenNetworkAsync(string name, string dataDirectory, string? subnet, CancellationToken cancellationToken) => errors.CallAsync(
        ChangeBound, limit => networks.OpenAsync(name, dataDirectory, subnet, limit), cancellationToken);

    public Task<string> DataRootAsync(CancellationToken cancellationToken) => errors.CallAsync(
        QuestionBound, async limit => (await client.System.GetSystemInfoAsync(limit)).DockerRootDir, cancellationToken);

    public IAsyncEnumerable<EngineEvent> WatchAsync(string ownerId, CancellationToken cancellationToken) => events.WatchAsync(ownerId, cancellationToken);

    public Task<string> CommitAsync(string sandboxId, string image, CancellationToken cancellationToken) => images.CommitAsync(sandboxId, image, cancellationToken);

    public Task<long> WrittenBytesAsync(string sandboxId, CancellationToken cancellationToken) => images.WrittenBytesAsync(sandboxId, cancellationToken);

    public Task<EngineImage?> FindImageAsync(string image, CancellationToken cancellationToken) => images.FindAsync(image, cancellationToken);

    public Task<EngineImage> PullAsync(string image, RegistryLogin? login, CancellationToken cancellationToken) => images.PullAsync(image, login, cancellationToken);

    public Task<bool> RemoveImageAsync(string image, CancellationToken cancellationToken) => images.RemoveAsync(image, cancellationToken);

    public ValueTask DisposeAsync()
    {
        client.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// Requests that change something are never cut off: Docker would carry them out all the same, after the caller has cleaned up.
    /// </summary>
    private async Task<EngineContainer> StartOnceAsync(ContainerSpec spec, CancellationToken cancellationToken)
    {
        await ExploreAsync(cancellationToken);
        var publish = spec.Network is null && addressing is SandboxAddressing.Published;
        if (publish && !spec.AllowInternet) throw NoOfflineSandboxes();
        var network = spec.Network is not null ? DockerSpec.NoNetwork : await errors.CallAsync(ChangeBound, limit => networks.IdAsync(spec.AllowInternet, limit), CancellationToken.None);
        cancellationToken.ThrowIfCancellationRequested();
        var id = await errors.CallAsync(ChangeBound, limit => CreateAsync(spec, new DockerSite(network, publish, DockerPlace.HasIPv6, limitsDisks), limit), CancellationToken.None);
        cancellationToken.ThrowIfCancellationRequested();
        await errors.CallAsync(
            ChangeBound, limit => client.Containers.StartContainerAsync(id, new ContainerStartParameters(), limit), CancellationToken.None);

        var container = await errors.CallAsync(QuestionBound, limit => client.Containers.InspectContainerAsync(id, limit), cancellationToken);
        var running = Running(container) ?? throw new RuntimeException(
            RuntimeError.StartFailed,
            $"The container of sandbox '{spec.SandboxId}' ended at once (exit code {container.State?.ExitCode}); does its image fit this machine?");
        if (spec.Network is { } own) await Veth.AttachAsync(own, id, container.State!.Pid);
        return running with { DiskSizeMB = limitsDisks ? spec.Limits.DiskSizeMB : 0 };
    }

    private async Task<string> CreateAsync(ContainerSpec spec, DockerSite site, CancellationToken cancellationToken)
    {
        try
        {
            return (await client.Containers.CreateContainerAsync(DockerSpec.Create(spec, site), cancellationToken)).ID;
        }
        catch (DockerApiException failure) when (DockerErrors.IsImageMissing(failure))
        {
            throw DockerErrors.ImageMissing(spec, failure);
        }
        catch (DockerApiException failure) when (site.LimitsDisks && DockerErrors.IsDiskLimitRefused(failure))
        {
            // Which it would say again each time.
            limitsDisks = false;
            return await CreateAsync(spec, site with { LimitsDisks = false }, cancellationToken);
        }
    }

    private static bool IsSandbox(ContainerListResponse container) => container.Labels.ContainsKey(DockerSpec.SandboxLabel);

    /// <returns>False when processes were started faster than the kernel could freeze them; they go on then.</returns>
    private async Task<bool> TryPauseAsync(string container, CancellationToken cancellationToken)
    {
        try
        {
            await DockerErrors.UnlessAsync("already paused", () => client.Containers.PauseContainerAsync(container, cancellationToken));
            return true;
        }
        catch (DockerApiException failure) when (failure.ResponseBody?.Contains("unable to freeze", StringComparison.OrdinalIgnoreCase) == true)
        {
            return false;
        }
    }

    private static OwnedContainer Owned(ContainerListResponse container) => new(
        container.Labels[DockerSpec.SandboxLabel],
        container.State is "running" or "paused" ? Running(container.ID, container.Labels, container.NetworkSettings?.Networks, PublishedPort(container.Ports)) : null,
        container.State is "paused");

    /// <returns>Null of one that has ended.</returns>
    private static EngineContainer? Running(ContainerInspectResponse container) => container.State?.Running == true
        && Running(container.ID, container.Config?.Labels, container.NetworkSettings?.Networks, PublishedPort(container.NetworkSettings?.Ports)) is { } running
        ? running with { ImageEnv = DockerImages.Env(container.Config?.Env) } // nothing was added to it
        : null;

    private static EngineContainer? Running(string id, IDictionary<string, string>? labels, IDictionary<string, EndpointSettings>? networks, int? publishedPort)
    {
        // What the container was started with counts, whatever would be chosen for the next one.
        if (publishedPort is { } port) return new EngineContainer(id, new EngineAddress(DockerSpec.PublishedHost, port, OnlyEnvd: true), NodeId);
        if (labels?.TryGetValue(DockerSpec.AddressLabel, out var address) == true) return new EngineContainer(id, new EngineAddress(address, Ports.Envd), NodeId);
        return networks?.Values.Select(network => network.IPAddress).FirstOrDefault(own => !string.IsNullOrEmpty(own)) is { } host
            ? new EngineContainer(id, new EngineAddress(host, Ports.Envd), NodeId)
            : null;
    }

    private static int? PublishedPort(IDictionary<string, IList<PortBinding>>? ports) =>
        ports?.TryGetValue(DockerSpec.EnvdPort, out var bindings) == true && bindings is [{ HostPort: { } port }, ..]
            ? int.Parse(port, CultureInfo.InvariantCulture)
            : null;

    private static int? PublishedPort(IEnumerable<PortSummary>? ports) =>
        ports?.FirstOrDefault(port => port is { PrivatePort: Ports.Envd, PublicPort: > 0 })?.PublicPort;

    /// <summary>Asks the engine once what it can do.</summary>
    private async Task ExploreAsync(CancellationToken cancellationToken)
    {
        if (isExplored) return;
        var engine = await errors.CallAsync(QuestionBound, client.System.GetSystemInfoAsync, cancellationToken);
        if (addressing is SandboxAddressing.Automatic) addressing = DockerPlace.IsApart(engine) ? SandboxAddressing.Published : SandboxAddressing.Container;
        if (!DockerPlace.LimitsDisks(engine)) limitsDisks = false;
        isExplored = true;
    }

    // Docker publishes no port of a network without a way out; any other network would have one.
    private static RuntimeException NoOfflineSandboxes() => new(
        RuntimeError.StartFailed,
        "This engine reaches sandboxes through published ports, which one without internet access cannot have; create it with internet access.");

    private static string FromEnvironment() => Environment.GetEnvironmentVariable("DOCKER_HOST") is { Length: > 0 } host
        ? host
        : OperatingSystem.IsWindows() ? "npipe://./pipe/docker_engine" : "unix:///var/run/docker.sock";
}
