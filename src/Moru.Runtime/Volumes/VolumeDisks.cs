using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Moru.Runtime;

/// <summary>
/// The directories of volumes in the data directory. Where the machine allows, each is a file system of its own in a sparse image, so
/// that the kernel holds every writer to the size. It stays mounted when the server ends while a sandbox has it.
/// </summary>
internal sealed partial class VolumeDisks(string dataDirectory, RuntimeOptions options, ILogger log) : IDisposable
{
    // The sandbox's own processes wear these too: no device and no set-user-id program works in a volume.
    private const string MountOptions = "loop,nosuid,nodev,noatime,discard";
    private const string ImageSuffix = ".ext4";
    private const string DeletedName = "deleted";

    private static readonly TimeSpan ToolBound = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, VolumePlace> prepared = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly string root = Path.Combine(dataDirectory, "volumes");
    private bool makesImages = options.VolumeImages && OperatingSystem.IsLinux() && VolumeLibc.EffectiveUser() == 0;

    /// <summary>Where a volume is; made and mounted when it is not.</summary>
    public async Task<VolumePlace> OpenAsync(string id, CancellationToken cancellationToken)
    {
        if (prepared.TryGetValue(id, out var known)) return known;
        if (!OperatingSystem.IsLinux()) throw new RuntimeException(RuntimeError.VolumeUnusable, "Volumes need a server on Linux.");
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (prepared.TryGetValue(id, out known)) return known;
            var place = await FindOrMakeAsync(id);
            place.Prepare();
            return prepared[id] = place;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new RuntimeException(RuntimeError.VolumeUnusable, $"The directory of volume '{id}' cannot be used; the server's log says why.", failure);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Removes a volume with all that is in it. Sandboxes that have it keep an empty or a nameless one.</summary>
    public async Task RemoveAsync(string id)
    {
        await gate.WaitAsync(CancellationToken.None);
        try
        {
            prepared.TryRemove(id, out _);
            var directory = Path.Combine(root, id);
            if (File.Exists(directory + ImageSuffix))
            {
                if (IsMounted(directory)) await RunAsync("umount", "--lazy", directory);
                File.Delete(directory + ImageSuffix);
            }

            if (Directory.Exists(directory)) RemoveTree(directory);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // No record names it any more; the next start tries again.
            Log.NotRemoved(log, Path.Combine(root, id), failure);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Removes what belongs to no volume, since an earlier server was killed while it deleted.</summary>
    public async Task RemoveAllButAsync(Func<IReadOnlyCollection<string>> ids)
    {
        if (!Directory.Exists(root)) return;
        var found = Directory.EnumerateFileSystemEntries(root, "vol_*").Select(entry => Path.GetFileName(entry).Split('.')[0]).Distinct().ToList();
        var known = ids();
        foreach (var id in found.Except(known)) await RemoveAsync(id);
        var deleted = Path.Combine(root, DeletedName);
        if (!Directory.Exists(deleted)) return;
        using var bin = VolumeDirectory.Open(deleted);
        if (!VolumeTree.Empty(bin)) Log.NotRemoved(log, deleted, null);
    }

    /// <summary>Unmounts the volumes that no sandbox has.</summary>
    public async Task CloseAsync(IReadOnlySet<string> used)
    {
        foreach (var (id, place) in prepared)
        {
            if (!place.IsImage || used.Contains(id)) continue;
            var problem = await RunAsync("umount", place.Root);
            if (problem is null) Directory.Delete(place.Root);
            else Log.NotUnmounted(log, id, problem);
        }
    }

    public void Dispose() => gate.Dispose();

    private async Task<VolumePlace> FindOrMakeAsync(string id)
    {
        Directory.CreateDirectory(root);
        var directory = Path.Combine(root, id);
        var image = directory + ImageSuffix;
        if (!File.Exists(image) && (Directory.Exists(directory) || !makesImages || !await TryMakeImageAsync(image)))
        {
            Directory.CreateDirectory(directory);
            return new VolumePlace(directory, IsImage: false);
        }

        if (IsMounted(directory)) return new VolumePlace(directory, IsImage: true);
        Directory.CreateDirectory(directory);
        var problem = await RunAsync("mount", "-t", "ext4", "-o", MountOptions, image, directory);
        if (problem is null)
        {
            await WriteThroughAsync(directory);
            return new VolumePlace(directory, IsImage: true);
        }

        Log.NotMounted(log, id, problem);
        throw new RuntimeException(RuntimeError.VolumeUnusable, $"Volume '{id}' is an image that the server cannot mount; the server's log says why.");
    }

    /// <summary>
    /// Takes the host's cache out of the way, which would hold every byte a second time and write it ten times as slowly. A data
    /// directory on a file system that cannot do that is merely slow.
    /// </summary>
    private static async Task WriteThroughAsync(string directory)
    {
        using var mounted = VolumeDirectory.Open(directory);
        var device = mounted.Status();
        var link = new FileInfo(string.Create(CultureInfo.InvariantCulture, $"/sys/dev/block/{device.DeviceMajor}:{device.DeviceMinor}"));
        if (link.LinkTarget is { } target) await RunAsync("losetup", "--direct-io=on", "/dev/" + Path.GetFileName(target));
    }

    /// <summary>Makes a sparse file into a file system. The first one is mounted for a try.</summary>
    private async Task<bool> TryMakeImageAsync(string image)
    {
        var unfinished = image + ".new";
        var tried = Path.Combine(root, "try");
        File.Delete(unfinished);
        await using (var file = new FileStream(unfinished, FileMode.CreateNew)) file.SetLength(options.VolumeBytes);
        // A new sparse file is all zero, so that nothing has to be written that is zero.
        var problem = await RunAsync("mkfs.ext4", "-q", "-F", "-b", "4096", "-m", "0", "-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard", unfinished);
        if (problem is null && prepared.IsEmpty)
        {
            Directory.CreateDirectory(tried);
            problem = await RunAsync("mount", "-t", "ext4", "-o", MountOptions, unfinished, tried) ?? await RunAsync("umount", tried);
            Directory.Delete(tried);
        }

        if (problem is null)
        {
            File.Move(unfinished, image);
            return true;
        }

        File.Delete(unfinished);
        makesImages = false;
        Log.NoImages(log, problem);
        return false;
    }

    private bool IsMounted(string directory)
    {
        if (!Directory.Exists(directory)) return false;
        using var inner = VolumeDirectory.Open(directory);
        using var outer = VolumeDirectory.Open(root);
        var (a, b) = (inner.Status(), outer.Status());
        return (a.DeviceMajor, a.DeviceMinor) != (b.DeviceMajor, b.DeviceMinor);
    }

    private void RemoveTree(string directory)
    {
        var deleted = Path.Combine(root, DeletedName);
        Directory.CreateDirectory(deleted);
        Directory.Move(directory, Path.Combine(deleted, Path.GetRandomFileName()));
        using var bin = VolumeDirectory.Open(deleted);
        if (!VolumeTree.Empty(bin)) Log.NotRemoved(log, deleted, null);
    }

    /// <returns>What went wrong; null: nothing.</returns>
    private static async Task<string?> RunAsync(string tool, params string[] arguments)
    {
        try
        {
            await SystemTool.RunAsync(ToolBound, tool, arguments);
            return null;
        }
        catch (SystemToolException failure)
        {
            return failure.Message;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Volumes cannot be file systems of their own here, so that their size is only watched: {Problem}")]
        public static partial void NoImages(ILogger log, string problem);

        [LoggerMessage(Level = LogLevel.Error, Message = "The image of volume {VolumeId} cannot be mounted: {Problem}")]
        public static partial void NotMounted(ILogger log, string volumeId, string problem);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Volume {VolumeId} stays mounted: {Problem}")]
        public static partial void NotUnmounted(ILogger log, string volumeId, string problem);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Files of deleted volumes are left in {Directory}; they belong to other users, or are still written to")]
        public static partial void NotRemoved(ILogger log, string directory, Exception? failure);
    }
}
