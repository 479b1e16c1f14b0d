using Moru.Protocol;

namespace Moru;

/// <content>Entries of directories: asking, moving, removing, watching.</content>
public sealed partial class SandboxFiles
{
    /// <summary>Whether a file or directory is there. A dangling symbolic link is there.</summary>
    public async Task<bool> ExistsAsync(string path, string? user = null, CancellationToken cancellationToken = default)
    {
        try
        {
            await GetInfoAsync(path, user, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (NotFoundException)
        {
            return false;
        }
    }

    /// <summary>Describes a file or directory.</summary>
    /// <exception cref="NotFoundException">Nothing is there.</exception>
    public async Task<EntryInfo> GetInfoAsync(string path, string? user = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return EntryInfo.From(await connection.ReadAsync(token => connection.Envd.StatAsync(path, user, token), cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Removes a file, or a directory with all that is in it. Where nothing is, nothing happens.</summary>
    public Task RemoveAsync(string path, string? user = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return connection.CallAsync(token => connection.Envd.RemoveAsync(path, user, token), cancellationToken);
    }

    /// <summary>Renames or moves a file or directory, creating missing parent directories.</summary>
    /// <returns>The entry in its new place.</returns>
    /// <exception cref="NotFoundException">Nothing is at <paramref name="oldPath"/>.</exception>
    public async Task<EntryInfo> RenameAsync(string oldPath, string newPath, string? user = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(oldPath);
        ArgumentException.ThrowIfNullOrEmpty(newPath);
        return EntryInfo.From(await connection.CallAsync(token => connection.Envd.MoveAsync(oldPath, newPath, user, token), cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Creates a directory and its missing parents.</summary>
    /// <returns>False when it was there already.</returns>
    /// <exception cref="InvalidArgumentException">A file stands there.</exception>
    public async Task<bool> MakeDirAsync(string path, string? user = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            await connection.CallAsync(token => connection.Envd.MakeDirectoryAsync(path, user, token), cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (SandboxException error) when (error.InnerException is ConnectException { Code: ConnectCode.AlreadyExists })
        {
            return false;
        }
    }

    /// <summary>Watches a directory from now on: returns when every later change will be seen.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="options">Whether to watch what is below it too, callbacks, user; null: the defaults of <see cref="WatchOptions"/>.</param>
    /// <param name="cancellationToken">Gives up waiting for the start. Later it has no effect: dispose the handle to stop.</param>
    /// <exception cref="NotFoundException">There is no such directory.</exception>
    /// <exception cref="InvalidArgumentException">It is a file.</exception>
    public Task<WatchHandle> WatchDirAsync(string path, WatchOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return WatchHandle.OpenAsync(connection, path, options ?? new WatchOptions(), cancellationToken);
    }
}
