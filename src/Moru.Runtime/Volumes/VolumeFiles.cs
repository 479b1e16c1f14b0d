using System.Buffers;
using Microsoft.Win32.SafeHandles;
using static Moru.Runtime.VolumeLibc;

namespace Moru.Runtime;

/// <summary>An entry of a directory in a volume.</summary>
/// <param name="Name">Its name; bytes that are not UTF-8 are U+FFFD.</param>
/// <param name="IsDirectory">Whether it is one.</param>
/// <param name="Size">Size in bytes, of regular files only.</param>
/// <param name="ModifiedAt">When its content last changed.</param>
public sealed record VolumeEntry(string Name, bool IsDirectory, long? Size, DateTimeOffset ModifiedAt);

/// <summary>A page of a directory.</summary>
/// <param name="Path">The directory, cleaned.</param>
/// <param name="Entries">Its entries, in the byte order of their names.</param>
/// <param name="Last">Name of the last one when there are more.</param>
public sealed record VolumePage(string Path, IReadOnlyList<VolumeEntry> Entries, byte[]? Last);

/// <summary>
/// The files of one volume. Beside the directory that sandboxes see are two that they do not: uploads grow in one, what is deleted
/// goes to the other first, so that both happen at once or not at all.
/// </summary>
internal sealed class VolumeFiles : IDisposable
{
    private const int BufferSize = 128 << 10, FlushSize = 8 << 20;

    private readonly VolumeDirectory root;
    private readonly VolumeDirectory uploads;
    private readonly VolumeDirectory trash;

    public VolumeFiles(VolumePlace place)
    {
        root = VolumeDirectory.Open(place.Files);
        uploads = VolumeDirectory.Open(place.Uploads);
        trash = VolumeDirectory.Open(place.Trash);
    }

    /// <summary>Lists a directory from behind a name on. Takes time with the size of the directory, memory with that of the page.</summary>
    public VolumePage List(VolumePath path, byte[]? after, int most, CancellationToken cancellationToken)
    {
        using var opened = Walk(path.Names);
        var directory = opened.Directory ?? throw Missing(path);
        // The largest of the page comes out first.
        var page = new PriorityQueue<byte[], byte[]>(Comparer<byte[]>.Create((a, b) => b.AsSpan().SequenceCompareTo(a)));
        while (directory.Read() is { Count: > 0 } batch)
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var name in batch)
            {
                if (after is not null && name.AsSpan().SequenceCompareTo(after) <= 0) continue;
                page.Enqueue(name, name);
                if (page.Count > most + 1) page.Dequeue();
            }
        }

        var hasMore = page.Count > most;
        if (hasMore) page.Dequeue();
        var names = new byte[page.Count][];
        for (var i = names.Length - 1; i >= 0; i--) names[i] = page.Dequeue();
        return new VolumePage(path.ToString(), [.. names.Select(name => Entry(directory, name)).OfType<VolumeEntry>()], hasMore ? names[^1] : null);
    }

    /// <inheritdoc cref="VolumeTree.Measure"/>
    public (long Bytes, long Files) Measure(CancellationToken cancellationToken)
    {
        using var opened = Walk([]);
        return VolumeTree.Measure(opened.Directory!, cancellationToken);
    }

    /// <summary>Opens a regular file to read.</summary>
    public SafeFileHandle OpenRead(VolumePath path)
    {
        if (path.IsRoot) throw new RuntimeException(RuntimeError.InvalidArgument, "'/' is a directory.");
        using var parent = Walk(path.Parents);
        return (parent.Directory ?? throw Missing(path)).OpenFile(path.Name);
    }

    /// <summary>Writes a file under its final name once all of it has arrived and is on disk. Missing parents are made.</summary>
    /// <param name="path">Where.</param>
    /// <param name="content">What.</param>
    /// <param name="room">Most bytes that it may have; null: as the file system allows.</param>
    /// <param name="mayAppear">Throws when the file may no longer appear; asked at the end.</param>
    /// <param name="cancellationToken">Gives up, and leaves nothing.</param>
    /// <returns>Its size.</returns>
    public async Task<long> UploadAsync(VolumePath path, Stream content, long? room, Action mayAppear, CancellationToken cancellationToken)
    {
        if (path.IsRoot) throw new RuntimeException(RuntimeError.InvalidArgument, "'/' is a directory; name a file.");
        using (var parent = Walk(path.Parents))
            if (parent.Directory?.StatusOrDefault(path.Name) is { IsDirectory: true }) throw IsADirectory(path);

        var unfinished = VolumeDirectory.NewName();
        using var file = uploads.CreateFile(unfinished);
        try
        {
            var size = await CopyAsync(content, file, room, cancellationToken);
            mayAppear();
            using var parent = MakeParents(path);
            parent.Directory!.Adopt(file, 0b110_100_100, 0b110_110_110);
            if (Sync(file) != 0) throw VolumeDirectory.Failure($"'{path}'", LastError);
            var error = uploads.Move(unfinished, parent.Directory, path.Name);
            if (error is IsDirectory or NotEmpty or Exists) throw IsADirectory(path);
            if (error != 0) throw VolumeDirectory.Failure($"'{path}'", error);
            parent.Directory.Sync();
            return size;
        }
        catch
        {
            uploads.Remove(unfinished);
            throw;
        }
    }

    /// <summary>Deletes a file or an empty directory. One that does not exist is fine.</summary>
    public void Delete(VolumePath path)
    {
        using var parent = Walk(ParentsOf(path));
        if (parent.Directory is null) return;
        switch (parent.Directory.Remove(path.Name))
        {
            case 0 or NotFound:
                return;
            case NotEmpty or Exists:
                throw new RuntimeException(RuntimeError.Conflict, $"The directory '{path}' is not empty; delete it with recursive=true.");
            case var error:
                throw VolumeDirectory.Failure($"'{path}'", error);
        }
    }

    /// <summary>Deletes a file or a directory with all that is in it; it vanishes at once. One that does not exist is fine.</summary>
    public void DeleteTree(VolumePath path)
    {
        using var parent = Walk(ParentsOf(path));
        if (parent.Directory is null) return;
        var error = parent.Directory.Move(path.Name, trash, VolumeDirectory.NewName());
        if (error is NotFound) return;
        if (error != 0) throw VolumeDirectory.Failure($"'{path}'", error);
        VolumeTree.Empty(trash);
    }

    public void Dispose()
    {
        root.Dispose();
        uploads.Dispose();
        trash.Dispose();
    }

    private static async Task<long> CopyAsync(Stream content, SafeFileHandle file, long? room, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            long size = 0, begun = 0;
            int count;
            while ((count = await content.ReadAsync(buffer, cancellationToken)) > 0)
            {
                if (size + count > room) throw VolumeDirectory.Failure("", NoSpace);
                Write(file, buffer.AsSpan(0, count), size);
                size += count;
                if (size - begun < FlushSize) continue;
                // The disk works while the rest arrives, so that the end has little to wait for. Whether it worked, the end tells.
                _ = SyncRange(file, begun, size - begun, BeginToWrite);
                begun = size;
            }

            return size;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        try
        {
            RandomAccess.Write(file, bytes, offset);
        }
        catch (IOException failure)
        {
            // .NET keeps the number of the kernel's error as the result code.
            throw VolumeDirectory.Failure("the file", failure.HResult);
        }
    }

    private static VolumeEntry? Entry(VolumeDirectory directory, byte[] name) => directory.StatusOrDefault(name) is { } status
        ? new VolumeEntry(VolumeDirectory.Text(name), status.IsDirectory, status.IsRegular ? status.Size : null, status.ModifiedAt)
        : null; // deleted since its name was read

    /// <returns>No directory when one on the way does not exist.</returns>
    private Opened Walk(IEnumerable<byte[]> names) => Follow(names, static (directory, name) => directory.OpenOrDefault(name));

    private Opened MakeParents(VolumePath path) => Follow(path.Parents, static (directory, name) => directory.OpenOrMake(name));

    private Opened Follow(IEnumerable<byte[]> names, Func<VolumeDirectory, byte[], VolumeDirectory?> step)
    {
        // The first step is to itself: an open directory remembers how far it was read, which concurrent readers must not share.
        VolumeDirectory? at = root.OpenAgain();
        foreach (var name in names)
        {
            if (at is null) break;
            using var parent = at;
            at = step(parent, name);
        }

        return new Opened(at);
    }

    private static IEnumerable<byte[]> ParentsOf(VolumePath path) => path.IsRoot
        ? throw new RuntimeException(RuntimeError.InvalidArgument, "'/' cannot be deleted; delete what is in it, or the volume.")
        : path.Parents;

    private static RuntimeException Missing(VolumePath path) => VolumeDirectory.Failure($"'{path}'", NotFound);

    private static RuntimeException IsADirectory(VolumePath path) => VolumeDirectory.Failure($"'{path}'", IsDirectory);

    private readonly record struct Opened(VolumeDirectory? Directory) : IDisposable
    {
        public void Dispose() => Directory?.Dispose();
    }
}
