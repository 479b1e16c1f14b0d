using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using Moru.Protocol;

namespace Moru;

/// <content>The files of a volume, without a sandbox. Paths are absolute in the volume.</content>
public sealed partial class Volume
{
    private const int MaxPage = 1000;

    /// <summary>Lists a directory, one level deep, by the bytes of the names, fetching pages as they are needed.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    /// <exception cref="NotFoundException">There is no such directory.</exception>
    /// <exception cref="InvalidArgumentException">It is a file, or the path is not absolute.</exception>
    public IAsyncEnumerable<VolumeFile> ListFilesAsync(string path = "/", CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return ListPagesAsync(path, cancellationToken);
    }

    /// <summary>Lists one page of a directory.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="limit">How many entries, 1 to 1000.</param>
    /// <param name="nextToken">Where to go on: <see cref="VolumeFilePage.NextToken"/> of the page before; null: at the beginning.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="NotFoundException">There is no such directory.</exception>
    /// <exception cref="InvalidArgumentException">It is a file, the path is not absolute, or the token is none of this server's.</exception>
    public async Task<VolumeFilePage> ListFilePageAsync(string path = "/", int limit = 100, string? nextToken = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, MaxPage);
        var query = string.Create(CultureInfo.InvariantCulture, $"&limit={limit}") + (nextToken is null ? "" : "&nextToken=" + Uri.EscapeDataString(nextToken));
        var page = await client.Api.SendAsync(HttpMethod.Get, FilesPath("/files", path) + query, null, ApiJson.Default.VolumeFileList, cancellationToken).ConfigureAwait(false);
        return new VolumeFilePage(page.Files, page.NextToken);
    }

    /// <summary>Reads a whole file.</summary>
    /// <exception cref="NotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidArgumentException">It is a directory or a link, or the path is not absolute.</exception>
    /// <exception cref="SandboxTimeoutException">It took longer than <see cref="MoruOptions.RequestTimeout"/>; read large files as a stream.</exception>
    public Task<byte[]> DownloadAsync(string path, CancellationToken cancellationToken = default) =>
        client.Api.GetBytesAsync(FilesPath("/files/download", path), cancellationToken);

    /// <summary>Opens a file for reading without holding it in memory; dispose the stream to let go of it.</summary>
    /// <exception cref="NotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidArgumentException">It is a directory or a link, or the path is not absolute.</exception>
    public async Task<Stream> OpenReadAsync(string path, CancellationToken cancellationToken = default)
    {
        var response = await client.Api.OpenAsync(FilesPath("/files/download", path), cancellationToken).ConfigureAwait(false);
        return await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes UTF-8 text, creating missing parent directories. What was there is replaced at once, when all has arrived.</summary>
    /// <returns>Where the file is and how large.</returns>
    /// <exception cref="InvalidArgumentException">A directory stands at the path, or the path is not absolute.</exception>
    /// <exception cref="NotEnoughSpaceException">The volume is full.</exception>
    /// <exception cref="SandboxException">A running sandbox has the volume mounted; write through it.</exception>
    public Task<UploadedVolumeFile> UploadAsync(string path, string text, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        return UploadAsync(path, new ByteArrayContent(Encoding.UTF8.GetBytes(text)), client.Api.RequestTimeout, cancellationToken);
    }

    /// <inheritdoc cref="UploadAsync(string, string, CancellationToken)"/>
    public Task<UploadedVolumeFile> UploadAsync(string path, ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default) =>
        UploadAsync(path, new ReadOnlyMemoryContent(data), client.Api.RequestTimeout, cancellationToken);

    /// <summary>Writes all that <paramref name="data"/> yields and disposes it, without holding it in memory and without a limit of time.</summary>
    /// <inheritdoc cref="UploadAsync(string, string, CancellationToken)"/>
    public Task<UploadedVolumeFile> UploadAsync(string path, Stream data, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        return UploadAsync(path, new StreamContent(data), Timeout.InfiniteTimeSpan, cancellationToken);
    }

    /// <summary>Deletes a file or a directory. That it is not there is no error.</summary>
    /// <param name="path">What to delete.</param>
    /// <param name="recursive">Whether a directory goes with all that is in it; default false.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="SandboxException">
    /// The directory is not empty and <paramref name="recursive"/> is false, or a running sandbox has the volume mounted; nothing was deleted.
    /// </exception>
    public Task DeleteFileAsync(string path, bool recursive = false, CancellationToken cancellationToken = default) =>
        client.Api.SendAsync(HttpMethod.Delete, FilesPath("/files", path) + (recursive ? "&recursive=true" : ""), null, cancellationToken);

    private async IAsyncEnumerable<VolumeFile> ListPagesAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? next = null;
        do
        {
            var page = await ListFilePageAsync(path, MaxPage, next, cancellationToken).ConfigureAwait(false);
            foreach (var file in page.Files) yield return file;
            next = page.NextToken;
        }
        while (next is not null);
    }

    private Task<UploadedVolumeFile> UploadAsync(string path, HttpContent content, TimeSpan timeout, CancellationToken cancellationToken)
    {
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        return client.Api.SendAsync(HttpMethod.Put, FilesPath("/files/upload", path), content, ApiJson.Default.UploadedVolumeFile, timeout, cancellationToken);
    }

    private string FilesPath(string files, string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return PathOf(VolumeId, files) + "?path=" + Uri.EscapeDataString(path);
    }
}
