using System.Text;
using Moru.Protocol;

namespace Moru;

/// <summary>
/// Files inside a sandbox. Relative paths start at the user's home directory. The agent works with the rights of root and gives
/// what it makes to <c>user</c> (default: the template's user).
/// </summary>
public sealed partial class SandboxFiles
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly SandboxConnection connection;

    internal SandboxFiles(SandboxConnection connection) => this.connection = connection;

    /// <summary>Reads a whole file as UTF-8 text.</summary>
    /// <exception cref="NotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidArgumentException">It is a directory, or not UTF-8 text; the message says at which byte.</exception>
    public async Task<string> ReadTextAsync(string path, string? user = null, CancellationToken cancellationToken = default)
    {
        var bytes = await ReadBytesAsync(path, user, cancellationToken).ConfigureAwait(false);
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException error)
        {
            throw new InvalidArgumentException(
                $"File '{path}' is not UTF-8 text (byte {error.Index} of {bytes.Length}); read it as bytes.", error);
        }
    }

    /// <summary>Reads a whole file.</summary>
    /// <exception cref="NotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidArgumentException">It is a directory.</exception>
    public async Task<byte[]> ReadBytesAsync(string path, string? user = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return await connection.ReadAsync(
            async token =>
            {
                using var response = await connection.Envd.OpenFileAsync(path, user, token).ConfigureAwait(false);
                return await response.Content.ReadAsByteArrayAsync(token).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens a file for reading without holding it in memory; dispose the stream to let go of it.</summary>
    /// <exception cref="NotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidArgumentException">It is a directory.</exception>
    public async Task<Stream> OpenReadAsync(string path, string? user = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var response = await connection.ReadAsync(token => connection.Envd.OpenFileAsync(path, user, token), cancellationToken).ConfigureAwait(false);
        return await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes UTF-8 text, creating missing parent directories and replacing what was there.</summary>
    /// <returns>What was written.</returns>
    /// <exception cref="InvalidArgumentException">A directory stands at the path.</exception>
    /// <exception cref="NotEnoughSpaceException">The sandbox's disk is full.</exception>
    public Task<WriteInfo> WriteAsync(string path, string text, string? user = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        return WriteAsync(path, new ByteArrayContent(StrictUtf8.GetBytes(text)), user, connection.RequestTimeout, cancellationToken);
    }

    /// <inheritdoc cref="WriteAsync(string, string, string?, CancellationToken)"/>
    public Task<WriteInfo> WriteAsync(string path, ReadOnlyMemory<byte> data, string? user = null, CancellationToken cancellationToken = default) =>
        WriteAsync(path, new ReadOnlyMemoryContent(data), user, connection.RequestTimeout, cancellationToken);

    /// <summary>Writes all that <paramref name="data"/> yields, without holding it in memory and without a limit of time.</summary>
    /// <inheritdoc cref="WriteAsync(string, string, string?, CancellationToken)"/>
    public Task<WriteInfo> WriteAsync(string path, Stream data, string? user = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        return WriteAsync(path, new StreamContent(data), user, Timeout.InfiniteTimeSpan, cancellationToken);
    }

    /// <summary>Lists a directory.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="depth">Levels to list; 1 is the directory alone.</param>
    /// <param name="user">User whose home relative paths start from; default: the template's user.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>
    /// Entries by name, each directory before its content: all of them, unlike Python's, which leaves out what is of type
    /// <see cref="FileType.Unspecified"/>.
    /// </returns>
    /// <exception cref="NotFoundException">There is no such directory.</exception>
    /// <exception cref="InvalidArgumentException">It is a file.</exception>
    public async Task<IReadOnlyList<EntryInfo>> ListAsync(string path, int depth = 1, string? user = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentOutOfRangeException.ThrowIfLessThan(depth, 1);
        var entries = await connection.ReadAsync(
            token => connection.Envd.ListDirectoryAsync(new ListDirRequest(path, (uint)depth), user, token), cancellationToken).ConfigureAwait(false);
        return [.. entries.Select(EntryInfo.From)];
    }

    /// <summary>Writes several files in one request, creating missing parent directories and replacing what was there.</summary>
    /// <param name="files">Paths and contents, which are sent one after the other without being held in memory; at most 10,000.</param>
    /// <param name="user">User who gets the files; default: the template's user.</param>
    /// <param name="cancellationToken">Gives up; files that were sent by then stay.</param>
    /// <returns>What was written, in the same order.</returns>
    /// <exception cref="InvalidArgumentException">Two of them have the same path, or a directory stands at one.</exception>
    /// <exception cref="NotEnoughSpaceException">The sandbox's disk is full.</exception>
    public async Task<IReadOnlyList<WriteInfo>> WriteFilesAsync(IEnumerable<WriteEntry> files, string? user = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(files);
        var entries = files.ToList();
        if (entries.Count == 0) return [];
        var written = await connection.CallAsync(
            token => connection.Envd.WriteFilesAsync(entries.Select(entry => (entry.Path, entry.Content())), user, token),
            Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
        return [.. written.Select(WriteInfo.From)];
    }

    private async Task<WriteInfo> WriteAsync(string path, HttpContent content, string? user, TimeSpan timeout, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using (content)
        {
            return WriteInfo.From(await connection.CallAsync(
                token => connection.Envd.WriteFileAsync(path, content, user, token), timeout, cancellationToken).ConfigureAwait(false));
        }
    }
}
