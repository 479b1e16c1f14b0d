using System.Diagnostics;
using static Moru.Runtime.VolumeLibc;

namespace Moru.Runtime;

/// <summary>Walks over whole trees, of any depth and width, with few open directories.</summary>
internal static class VolumeTree
{
    private const int MaxDepth = 256;
    private const long MaxEntries = 2_000_000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Empties a directory of the server's own. Directories in it are taken apart one level at a time: what is in them moves up first,
    /// so that no depth needs a stack. What cannot be removed within a minute, or since the server may not, stays.
    /// </summary>
    /// <returns>Whether it is empty.</returns>
    public static bool Empty(VolumeDirectory bin)
    {
        // A sandbox may hold a directory open and go on adding to it.
        var began = Stopwatch.GetTimestamp();
        for (var removed = true; removed && Stopwatch.GetElapsedTime(began) < Patience;)
        {
            removed = false;
            using var pass = bin.OpenAgain();
            var left = false;
            while (pass.Read() is { Count: > 0 } batch)
            {
                foreach (var name in batch)
                {
                    if (bin.Remove(name) == 0 || TakeApart(bin, name)) removed = true;
                    else left = true;
                }
            }

            if (!removed) return !left;
        }

        return false;
    }

    /// <summary>Adds up what is in a directory. Beyond 256 levels or two million entries the numbers are lower bounds.</summary>
    public static (long Bytes, long Files) Measure(VolumeDirectory root, CancellationToken cancellationToken)
    {
        long bytes = 0, files = 0, entries = 0;
        var open = new Stack<(VolumeDirectory Directory, Queue<byte[]> Names)>();
        open.Push((root, new Queue<byte[]>()));
        try
        {
            while (open.TryPeek(out var top) && entries < MaxEntries)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (top.Names.Count == 0)
                {
                    foreach (var next in top.Directory.Read()) top.Names.Enqueue(next);
                    if (top.Names.Count == 0)
                    {
                        open.Pop();
                        if (open.Count > 0) top.Directory.Dispose();
                        continue;
                    }
                }

                entries++;
                var name = top.Names.Dequeue();
                if (top.Directory.StatusOrDefault(name) is not { } status) continue;
                if (!status.IsDirectory) files++;
                if (status.IsRegular) bytes += Math.Min(status.Size, long.MaxValue - bytes);
                if (status.IsDirectory && open.Count < MaxDepth && OpenOrSkip(top.Directory, name) is { } child) open.Push((child, new Queue<byte[]>()));
            }
        }
        finally
        {
            while (open.Count > 1) open.Pop().Directory.Dispose();
        }

        return (bytes, files);
    }

    private static bool TakeApart(VolumeDirectory bin, byte[] name)
    {
        using var directory = OpenOrSkip(bin, name);
        if (directory is null) return false;
        var changed = false;
        while (directory.Read() is { Count: > 0 } batch)
        {
            foreach (var child in batch)
            {
                var error = directory.Remove(child);
                if (error is NotEmpty or Exists) error = directory.Move(child, bin, VolumeDirectory.NewName());
                changed |= error == 0;
            }
        }

        return bin.Remove(name) == 0 || changed;
    }

    /// <returns>Null when it is no directory any more, or one that the server may not read.</returns>
    private static VolumeDirectory? OpenOrSkip(VolumeDirectory parent, byte[] name)
    {
        try
        {
            return parent.OpenOrDefault(name);
        }
        catch (RuntimeException failure) when (failure.Error is RuntimeError.InvalidArgument or RuntimeError.VolumeUnusable)
        {
            return null;
        }
    }
}
