namespace Moru.Runtime;

/// <summary>
/// What runs containers for us. Failures are <see cref="RuntimeException"/>; every call ends by itself within a bound.
/// </summary>
public interface IContainerEngine : IAsyncDisposable
{
    /// <summary>
    /// Creates and starts a container. When this fails or is cancelled, a container may be left behind under the sandbox's id:
    /// the caller removes it.
    /// </summary>
    Task<EngineContainer> StartAsync(ContainerSpec spec, CancellationToken cancellationToken);

    /// <summary>Freezes every process of a sandbox where it is, in memory. One that is frozen is fine.</summary>
    Task PauseAsync(string sandboxId, CancellationToken cancellationToken);

    /// <summary>Lets the processes go on. Those of one that is not frozen do.</summary>
    Task<EngineContainer> ResumeAsync(string sandboxId, CancellationToken cancellationToken);

    /// <summary>Kills and removes the container of a sandbox, frozen or not. One that does not exist is fine.</summary>
    Task RemoveAsync(string sandboxId, CancellationToken cancellationToken);

    /// <summary>All containers of an owner, running or not.</summary>
    Task<IReadOnlyList<OwnedContainer>> ListAsync(string ownerId, CancellationToken cancellationToken);

    /// <summary>Whether this process can filter what passes on the engine's networks: same kernel, and containers reached by address.</summary>
    Task<bool> SharesNetworkAsync(CancellationToken cancellationToken);

    /// <summary>Makes a network, whose bridge has the same name, when it is absent. It has no address translation of its own.</summary>
    /// <param name="name">Name of network and bridge, at most 15 characters.</param>
    /// <param name="dataDirectory">Whose it is. Networks of directories that are gone are removed.</param>
    /// <param name="subnet">The addresses that it must have, such as <c>198.18.4.0/22</c>; null: any that are free.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<EngineNetwork> OpenNetworkAsync(string name, string dataDirectory, string? subnet, CancellationToken cancellationToken);

    /// <summary>Directory of the engine's host that holds images and containers.</summary>
    Task<string> DataRootAsync(CancellationToken cancellationToken);

    /// <summary>Exits of an owner's containers, until cancelled. Reconnects by itself and says so.</summary>
    IAsyncEnumerable<EngineEvent> WatchAsync(string ownerId, CancellationToken cancellationToken);

    /// <summary>Makes an image of what a running container has on its disk, labelled as its owner's. Its processes are held meanwhile.</summary>
    /// <returns>The image's id.</returns>
    Task<string> CommitAsync(string sandboxId, string image, CancellationToken cancellationToken);

    /// <summary>How much a container has written to its disk, beyond its image and without its volume.</summary>
    Task<long> WrittenBytesAsync(string sandboxId, CancellationToken cancellationToken);

    /// <returns>An image that the engine has; null when it has none of that name.</returns>
    Task<EngineImage?> FindImageAsync(string image, CancellationToken cancellationToken);

    /// <summary>Gets an image from its registry.</summary>
    /// <exception cref="RuntimeException"><see cref="RuntimeError.ImageUnavailable"/>: no such image, no access to it, or no such registry.</exception>
    Task<EngineImage> PullAsync(string image, RegistryLogin? login, CancellationToken cancellationToken);

    /// <summary>Removes the name of an image, and the image when that was its last. One that does not exist is fine.</summary>
    /// <returns>False when a container still uses it.</returns>
    Task<bool> RemoveImageAsync(string image, CancellationToken cancellationToken);
}
