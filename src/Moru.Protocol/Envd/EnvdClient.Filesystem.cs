using System.Runtime.CompilerServices;

namespace Moru.Protocol;

public sealed partial class EnvdClient
{
    /// <summary>Lists a directory.</summary>
    /// <exception cref="ConnectException"><see cref="ConnectCode.NotFound"/>: no such path; <see cref="ConnectCode.InvalidArgument"/>: not a directory.</exception>
    public async Task<IReadOnlyList<FileEntry>> ListDirectoryAsync(ListDirRequest list, string? user, CancellationToken cancellationToken)
    {
        using var request = Rpc("filesystem.Filesystem/ListDir", user);
        var response = await ConnectClient.UnaryAsync(
            http, request, list, EnvdJson.Default.ListDirRequest, EnvdJson.Default.ListDirResponse, cancellationToken).ConfigureAwait(false);
        return response.Entries ?? [];
    }

    /// <summary>Describes an entry without following a symbolic link.</summary>
    /// <exception cref="ConnectException"><see cref="ConnectCode.NotFound"/>: no such path.</exception>
    public async Task<FileEntry> StatAsync(string path, string? user, CancellationToken cancellationToken) =>
        (await CallAsync("filesystem.Filesystem/Stat", new StatRequest(path), EnvdJson.Default.StatRequest, EnvdJson.Default.StatResponse, user, cancellationToken)
            .ConfigureAwait(false)).Entry;

    /// <summary>Makes a directory and its missing parents, as the user's own.</summary>
    /// <exception cref="ConnectException"><see cref="ConnectCode.AlreadyExists"/>: it is there; <see cref="ConnectCode.InvalidArgument"/>: a file stands there.</exception>
    public async Task<FileEntry> MakeDirectoryAsync(string path, string? user, CancellationToken cancellationToken) =>
        (await CallAsync("filesystem.Filesystem/MakeDir", new MakeDirRequest(path), EnvdJson.Default.MakeDirRequest, EnvdJson.Default.MakeDirResponse, user, cancellationToken)
            .ConfigureAwait(false)).Entry;

    /// <summary>Moves an entry, making the missing parents of its new path.</summary>
    /// <exception cref="ConnectException"><see cref="ConnectCode.NotFound"/>: the source does not exist.</exception>
    public async Task<FileEntry> MoveAsync(string source, string destination, string? user, CancellationToken cancellationToken) =>
        (await CallAsync("filesystem.Filesystem/Move", new MoveRequest(source, destination), EnvdJson.Default.MoveRequest, EnvdJson.Default.MoveResponse, user, cancellationToken)
            .ConfigureAwait(false)).Entry;

    /// <summary>Removes an entry, a directory with all that is in it. A path where nothing is counts as removed.</summary>
    public Task RemoveAsync(string path, string? user, CancellationToken cancellationToken) =>
        CallAsync("filesystem.Filesystem/Remove", new RemoveRequest(path), EnvdJson.Default.RemoveRequest, EnvdJson.Default.Empty, user, cancellationToken);

    /// <summary>Watches a directory and yields what happens to it, the start first.</summary>
    /// <exception cref="ConnectException">While enumerating, <see cref="ConnectCode.NotFound"/>: no such path; <see cref="ConnectCode.InvalidArgument"/>: not a directory.</exception>
    public async IAsyncEnumerable<WatchDirResponse> WatchDirectoryAsync(
        WatchDirRequest watch, string? user, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var request = Rpc("filesystem.Filesystem/WatchDir", user);
        var stream = ConnectClient.StreamAsync(
            http, request, watch, EnvdJson.Default.WatchDirRequest, EnvdJson.Default.WatchDirResponse, cancellationToken);
        await foreach (var message in stream.ConfigureAwait(false))
            yield return message;
    }

    /// <summary>Makes a watcher whose events are fetched with <see cref="GetWatcherEventsAsync"/>.</summary>
    /// <returns>The watcher's id.</returns>
    /// <exception cref="ConnectException"><see cref="ConnectCode.NotFound"/>: no such path; <see cref="ConnectCode.InvalidArgument"/>: not a directory.</exception>
    public async Task<string> CreateWatcherAsync(CreateWatcherRequest watch, string? user, CancellationToken cancellationToken) =>
        (await CallAsync("filesystem.Filesystem/CreateWatcher", watch, EnvdJson.Default.CreateWatcherRequest, EnvdJson.Default.CreateWatcherResponse, user, cancellationToken)
            .ConfigureAwait(false)).WatcherId;

    /// <summary>Takes what a watcher has seen since the last call.</summary>
    /// <exception cref="ConnectException"><see cref="ConnectCode.NotFound"/>: no such watcher.</exception>
    public async Task<IReadOnlyList<FilesystemEvent>> GetWatcherEventsAsync(string watcherId, CancellationToken cancellationToken) =>
        (await CallAsync("filesystem.Filesystem/GetWatcherEvents", new GetWatcherEventsRequest(watcherId), EnvdJson.Default.GetWatcherEventsRequest, EnvdJson.Default.GetWatcherEventsResponse, null, cancellationToken)
            .ConfigureAwait(false)).Events ?? [];

    /// <summary>Ends a watcher.</summary>
    /// <exception cref="ConnectException"><see cref="ConnectCode.NotFound"/>: no such watcher.</exception>
    public Task RemoveWatcherAsync(string watcherId, CancellationToken cancellationToken) =>
        CallAsync("filesystem.Filesystem/RemoveWatcher", new RemoveWatcherRequest(watcherId), EnvdJson.Default.RemoveWatcherRequest, EnvdJson.Default.Empty, null, cancellationToken);
}
