using System.Runtime.CompilerServices;
using Moru.Protocol;

namespace Moru;

/// <content>Volumes: making, finding and deleting.</content>
public sealed partial class MoruClient
{
    /// <summary>Makes a volume, or finds the one that has the name already.</summary>
    /// <param name="name">1 to 63 lower-case letters, digits and dashes; begins with a letter and does not end with a dash.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="InvalidArgumentException">The name is none.</exception>
    /// <exception cref="RateLimitException">There are as many volumes as there may be.</exception>
    public async Task<Volume> CreateVolumeAsync(string name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        var body = ApiTransport.Json(new NewVolume(name), ApiJson.Default.NewVolume);
        return new Volume(this, await api.SendAsync(HttpMethod.Post, "volumes", body, ApiJson.Default.VolumeDetail, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Finds a volume.</summary>
    /// <param name="volume">Its id or its name.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="NotFoundException">There is no such volume.</exception>
    public async Task<Volume> GetVolumeAsync(string volume, CancellationToken cancellationToken = default) =>
        new(this, await api.SendAsync(HttpMethod.Get, Volume.PathOf(volume), null, ApiJson.Default.VolumeDetail, cancellationToken).ConfigureAwait(false));

    /// <summary>Lists volumes, newest first, fetching pages of 100 as they are needed.</summary>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    public async IAsyncEnumerable<Volume> ListVolumesAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string? next = null;
        do
        {
            var path = "volumes?limit=100" + (next is null ? "" : "&nextToken=" + Uri.EscapeDataString(next));
            (var page, next) = await api.GetPageAsync(path, ApiJson.Default.IReadOnlyListVolumeDetail, cancellationToken).ConfigureAwait(false);
            foreach (var volume in page) yield return new Volume(this, volume);
        }
        while (next is not null);
    }

    /// <summary>Deletes a volume with all that is in it, even while a sandbox has it mounted.</summary>
    /// <param name="volume">Its id or its name.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>False when there is no such volume.</returns>
    public Task<bool> DeleteVolumeAsync(string volume, CancellationToken cancellationToken = default) =>
        DeleteAsync(Volume.PathOf(volume), cancellationToken);
}
