using Moru.Protocol;

namespace Moru;

/// <summary>
/// A directory that outlives sandboxes. Sandboxes mount it (<see cref="SandboxOptions.VolumeId"/>), and its files can be had without one.
/// Thread-safe.
/// </summary>
/// <example>
/// <code>
/// var volume = await Volume.CreateAsync("my-workspace");
/// await using var sandbox = await Sandbox.CreateAsync(options: new() { VolumeId = volume.VolumeId, VolumeMountPath = "/workspace" });
/// </code>
/// </example>
public sealed partial class Volume
{
    private readonly MoruClient client;
    private readonly VolumeDetail detail;

    internal Volume(MoruClient client, VolumeDetail detail) => (this.client, this.detail) = (client, detail);

    /// <summary>Identifier: <c>vol_</c> and 20 letters or digits.</summary>
    public string VolumeId => detail.VolumeId;

    /// <summary>Name.</summary>
    public string Name => detail.Name;

    /// <summary>Sum of the sizes of its files, a few seconds old when the volume was read; read it anew with <see cref="GetAsync"/>.</summary>
    public long TotalSizeBytes => detail.TotalSizeBytes ?? 0;

    /// <summary>How many files it holds, directories not counted; as old as <see cref="TotalSizeBytes"/>.</summary>
    public long TotalFileCount => detail.TotalFileCount ?? 0;

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt => detail.CreatedAt;

    /// <summary>When its content was last seen to have changed.</summary>
    public DateTimeOffset UpdatedAt => detail.UpdatedAt;

    /// <inheritdoc cref="MoruClient.CreateVolumeAsync"/>
    public static Task<Volume> CreateAsync(string name, CancellationToken cancellationToken = default) =>
        MoruClient.Default.CreateVolumeAsync(name, cancellationToken);

    /// <inheritdoc cref="MoruClient.GetVolumeAsync"/>
    public static Task<Volume> GetAsync(string volume, CancellationToken cancellationToken = default) =>
        MoruClient.Default.GetVolumeAsync(volume, cancellationToken);

    /// <inheritdoc cref="MoruClient.ListVolumesAsync"/>
    public static IAsyncEnumerable<Volume> ListAsync(CancellationToken cancellationToken = default) =>
        MoruClient.Default.ListVolumesAsync(cancellationToken);

    /// <inheritdoc cref="MoruClient.DeleteVolumeAsync"/>
    public static Task<bool> DeleteAsync(string volume, CancellationToken cancellationToken = default) =>
        MoruClient.Default.DeleteVolumeAsync(volume, cancellationToken);

    /// <summary>Deletes this volume with all that is in it, even while a sandbox has it mounted.</summary>
    /// <returns>False when it was deleted already.</returns>
    public Task<bool> DeleteAsync(CancellationToken cancellationToken = default) => client.DeleteVolumeAsync(VolumeId, cancellationToken);

    /// <summary>The same volume with other settings for the requests made through it, for example a longer request timeout.</summary>
    public Volume With(RequestOptions request) => new(client.With(request), detail);

    internal static string PathOf(string volume, string suffix = "")
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(volume);
        return $"volumes/{UrlSegment.Of(volume)}{suffix}";
    }
}
