using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Moru.Runtime;

/// <summary>The volumes of this runtime and the files in them.</summary>
public sealed partial class Volumes
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(2);

    // Counting takes at most this share of one processor, whatever a sandbox puts into its volume.
    private const int PauseFactor = 25;

    private readonly Dictionary<string, DateTimeOffset> nextCount = new(StringComparer.Ordinal);
    private readonly RuntimeOptions options;
    private readonly RuntimeStore store;
    private readonly VolumeDisks disks;
    private readonly Sandboxes sandboxes;
    private readonly TimeProvider time;
    private readonly ILogger log;

    internal Volumes(RuntimeOptions options, RuntimeStore store, VolumeDisks disks, Sandboxes sandboxes, TimeProvider time, ILogger log)
    {
        this.options = options;
        this.store = store;
        this.disks = disks;
        this.sandboxes = sandboxes;
        this.time = time;
        this.log = log;
    }

    /// <summary>Makes a volume, or finds the one that has the name.</summary>
    /// <exception cref="RuntimeException"><see cref="RuntimeError.LimitReached"/>: there are too many.</exception>
    public (VolumeRecord Volume, bool Created) Create(string teamId, string name)
    {
        VolumeName.Check(name);
        var now = time.GetUtcNow();
        var volume = new VolumeRecord { Id = VolumeId.New(), TeamId = teamId, Name = name, CreatedAt = now, UpdatedAt = now };
        if (store.FindVolume(teamId, name: name) is { } existing) return (existing, false);
        if (store.AddVolume(volume, options.MaxVolumes))
        {
            Log.Created(log, volume.Id, name);
            return (volume, true);
        }

        // Somebody was faster, unless there is no room for another.
        return store.FindVolume(teamId, name: name) is { } other
            ? (other, false)
            : throw new RuntimeException(RuntimeError.LimitReached, $"There are {options.MaxVolumes} volumes, which is the maximum; delete one first.");
    }

    /// <summary>Finds a volume by its id or its name.</summary>
    public VolumeRecord? Find(string teamId, string idOrName) => store.FindVolume(teamId, id: idOrName, name: idOrName);

    /// <summary>A team's volumes, the newest first, then by id.</summary>
    public IReadOnlyList<VolumeRecord> List(string teamId, VolumePosition? after, int most) => store.ListVolumes(teamId, after, most);

    /// <summary>Deletes a volume and all that is in it, also from under the sandboxes that have it. Its name is free at once.</summary>
    /// <returns>False when there is none.</returns>
    public async Task<bool> DeleteAsync(string teamId, string idOrName)
    {
        if (Find(teamId, idOrName) is not { } volume || !store.RemoveVolume(volume.Id)) return false;
        await disks.RemoveAsync(volume.Id);
        Log.Deleted(log, volume.Id, volume.Name);
        return true;
    }

    /// <summary>Lists a directory, from behind a name on.</summary>
    public async Task<VolumePage> ListFilesAsync(string teamId, string id, string path, byte[]? after, int most, CancellationToken cancellationToken)
    {
        var parsed = VolumePath.Parse(path);
        using var files = await OpenAsync(Get(teamId, id), cancellationToken);
        return files.List(parsed, after, most, cancellationToken);
    }

    /// <summary>Opens a regular file to read, and tells its name. A sandbox may go on writing to it.</summary>
    public async Task<(SafeFileHandle Content, string Name)> OpenFileAsync(string teamId, string id, string path, CancellationToken cancellationToken)
    {
        var parsed = VolumePath.Parse(path);
        using var files = await OpenAsync(Get(teamId, id), cancellationToken);
        return (files.OpenRead(parsed), VolumeDirectory.Text(parsed.Name));
    }

    /// <summary>Stores a file, which appears whole or not at all. Missing directories are made.</summary>
    /// <returns>Its path, cleaned, and its size.</returns>
    public async Task<(string Path, long Size)> UploadAsync(string teamId, string id, string path, Stream content, CancellationToken cancellationToken)
    {
        var parsed = VolumePath.Parse(path);
        var volume = Get(teamId, id);
        ThrowIfInUse(volume);
        var place = await disks.OpenAsync(volume.Id, cancellationToken);
        using var files = new VolumeFiles(place);
        long? room = place.IsImage ? null : Math.Max(0, options.VolumeBytes - volume.TotalBytes);
        store.MarkVolumeChanged(volume.Id);
        var size = await files.UploadAsync(parsed, content, room, () => ThrowIfInUse(volume), cancellationToken);
        store.MarkVolumeChanged(volume.Id);
        return (parsed.ToString(), size);
    }

    /// <summary>Deletes a file, or a directory, which has to be empty unless <paramref name="recursive"/>. One that does not exist is fine.</summary>
    public async Task DeleteFileAsync(string teamId, string id, string path, bool recursive, CancellationToken cancellationToken)
    {
        var parsed = VolumePath.Parse(path);
        var volume = Get(teamId, id);
        ThrowIfInUse(volume);
        using var files = await OpenAsync(volume, cancellationToken);
        store.MarkVolumeChanged(volume.Id);
        if (recursive) files.DeleteTree(parsed);
        else files.Delete(parsed);
        store.MarkVolumeChanged(volume.Id);
    }

    /// <summary>Counts what is in volumes that changed, until cancelled: those that a sandbox has again and again.</summary>
    internal async Task CountAsync(CancellationToken cancellationToken)
    {
        await disks.RemoveAllButAsync(() => [.. store.VolumeIds()]);
        while (true)
        {
            await Task.Delay(Tick, time, cancellationToken);
            foreach (var (volume, changes) in store.ChangedVolumes())
            {
                if (nextCount.TryGetValue(volume.Id, out var next) && time.GetUtcNow() < next) continue;
                await TryCountAsync(volume, changes, cancellationToken);
            }

            foreach (var (id, next) in nextCount)
                if (next <= time.GetUtcNow()) nextCount.Remove(id);
        }
    }

    internal Task CloseAsync() => disks.CloseAsync(sandboxes.Live.Select(sandbox => sandbox.Record.Volume?.VolumeId).OfType<string>().ToHashSet());

    private async Task TryCountAsync(VolumeRecord volume, long changes, CancellationToken cancellationToken)
    {
        // Asked before the count: who leaves meanwhile is counted once more.
        var inUse = sandboxes.UsersOf(volume.Id).Length > 0;
        var took = TimeSpan.Zero;
        try
        {
            // That it may have to be mounted says nothing about the next time.
            using var files = await OpenAsync(volume, cancellationToken);
            var began = Stopwatch.GetTimestamp();
            var (bytes, count) = files.Measure(cancellationToken);
            took = Stopwatch.GetElapsedTime(began);
            var isSame = (bytes, count) == (volume.TotalBytes, volume.TotalFiles);
            var counted = volume with { TotalBytes = bytes, TotalFiles = count, UpdatedAt = isSame ? volume.UpdatedAt : time.GetUtcNow() };
            store.VolumeMeasured(counted, inUse ? 0 : changes);
        }
        catch (RuntimeException failure) when (failure.Error is RuntimeError.VolumeUnusable or RuntimeError.VolumeFileNotFound)
        {
            Log.NotCounted(log, volume.Id, failure.Message);
        }

        var pause = PauseFactor * took;
        nextCount[volume.Id] = time.GetUtcNow() + (pause > ShortestPause ? pause : ShortestPause);
    }

    private async Task<VolumeFiles> OpenAsync(VolumeRecord volume, CancellationToken cancellationToken) =>
        new(await disks.OpenAsync(volume.Id, cancellationToken));

    private VolumeRecord Get(string teamId, string id) => store.FindVolume(teamId, id: id) ?? throw NotFound(id);

    private void ThrowIfInUse(VolumeRecord volume)
    {
        if (sandboxes.UsersOf(volume.Id) is not [var user, .. var others]) return;
        // Clients look for the beginning.
        throw new RuntimeException(
            RuntimeError.Conflict,
            $"Cannot modify volume while attached to sandbox '{user}'{(others.Length > 0 ? $" and {others.Length} more" : "")}; pause or kill it first, or change the files from inside of it.");
    }

    /// <summary>Clients look for the beginning of what it says.</summary>
    internal static RuntimeException NotFound(string id) => new(RuntimeError.VolumeNotFound, $"Volume not found: '{id}'; give the id of a volume that is in the list.");

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Volume {VolumeId} '{Name}' was made")]
        public static partial void Created(ILogger log, string volumeId, string name);

        [LoggerMessage(Level = LogLevel.Information, Message = "Volume {VolumeId} '{Name}' was deleted")]
        public static partial void Deleted(ILogger log, string volumeId, string name);

        [LoggerMessage(Level = LogLevel.Debug, Message = "Volume {VolumeId} could not be counted: {Failure}")]
        public static partial void NotCounted(ILogger log, string volumeId, string failure);
    }
}
