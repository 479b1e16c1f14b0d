using Moru.Protocol;

namespace Moru.Envd;

/// <summary>
/// Removes an entry and all below it, however deep, without following a link. Only the first <see cref="MaxOpen"/> levels stay open
/// meanwhile; above deeper ones the way back is "..", and only as long as it leads where we came from.
/// </summary>
internal static class TreeRemoval
{
    private const int MaxOpen = 64;
    private const int EntriesPerTurn = 512;

    // How often directories may turn out to be filled again by somebody else.
    private const int Patience = 1000;

    private static readonly EntryName Parent = EntryName.Of("..");

    /// <summary>Removes the entry; nothing there is fine.</summary>
    /// <param name="path">Absolute and clean.</param>
    /// <param name="cancellationToken">Stops half-way.</param>
    /// <exception cref="ConnectException">It is or contains a mount point, is written to all the time, or the kernel refuses.</exception>
    public static async Task RemoveAsync(string path, CancellationToken cancellationToken)
    {
        var (folder, name) = Split(path);
        if (EntryReader.ResolveOrDefault(folder) is not { } actual) return;
        var full = actual == "/" ? $"/{name}" : $"{actual}/{name}";
        if (path == "/" || Mounts.PointWithinOrDefault(full) is not null) throw Mounted(path, path == "/" ? "/" : Mounts.PointWithinOrDefault(full)!);

        using var parent = DirectoryHandle.OpenOrDefault(actual);
        if (parent is null) return;
        var entry = EntryName.Of(name);
        for (var round = 0; parent.Remove(entry) is not (0 or Posix.NotFound) and var error; round++)
        {
            if (error != Posix.NotEmpty) throw FileFailure.Of(error, path);
            if (round == Patience) throw Busy(path);
            if (parent.OpenOrDefault(entry) is { } directory) await new Emptying(path).RunAsync(directory, cancellationToken);
        }
    }

    /// <summary>Splits a clean path before its last name.</summary>
    public static (string Folder, string Name) Split(string path)
    {
        var slash = path.LastIndexOf('/');
        return (slash == 0 ? "/" : path[..slash], path[(slash + 1)..]);
    }

    private static ConnectException Mounted(string path, string point) => new(
        ConnectCode.InvalidArgument,
        point == path ? $"path '{path}' is a mount point and cannot be removed" : $"path '{path}' cannot be removed: '{point}' in it is a mount point");

    private static ConnectException Busy(string path) =>
        new(ConnectCode.Aborted, $"path '{path}' is filled as fast as it is emptied; stop what writes there and remove it again");

    private sealed class Level(DirectoryHandle handle, EntryName name)
    {
        public EntryName Name { get; } = name;

        public FileIdentity Identity { get; } = FileStatus.Of(handle.Descriptor)?.Identity ?? default;

        /// <summary>Null while it is closed.</summary>
        public DirectoryHandle? Handle { get; set; } = handle;

        /// <summary>Directories in it that are not empty.</summary>
        public Queue<EntryName> Full { get; } = new();
    }

    private sealed class Emptying(string path)
    {
        private readonly Stack<Level> _levels = new();
        private int _entries;
        private int _refilled;

        public async Task RunAsync(DirectoryHandle root, CancellationToken cancellationToken)
        {
            try
            {
                _levels.Push(new Level(root, default));
                while (_levels.TryPeek(out var level))
                {
                    if (level.Full.TryDequeue(out var name)) Descend(level, name);
                    else if (level.Handle!.Read() is { Count: > 0 } items) await RemoveAsync(level, items, cancellationToken);
                    else Ascend(_levels.Pop());
                }
            }
            finally
            {
                foreach (var level in _levels) level.Handle?.Dispose();
            }
        }

        private async Task RemoveAsync(Level level, List<DirectoryItem> items, CancellationToken cancellationToken)
        {
            foreach (var item in items)
            {
                Remove(level, item.Name);
                if (++_entries % EntriesPerTurn != 0) continue;
                // Other calls wait for this thread.
                cancellationToken.ThrowIfCancellationRequested();
                await Task.Yield();
            }
        }

        private void Remove(Level level, EntryName name)
        {
            var error = level.Handle!.Remove(name);
            if (error == Posix.NotEmpty) level.Full.Enqueue(name);
            else if (error is not (0 or Posix.NotFound)) throw FileFailure.Of(error, $"{path}/…/{name}");
        }

        private void Descend(Level level, EntryName name)
        {
            // Gone or no directory any more: the next reading tells.
            if (level.Handle!.OpenOrDefault(name) is not { } inner) return;
            _levels.Push(new Level(inner, name));
            if (_levels.Count <= MaxOpen) return;
            level.Handle.Dispose();
            level.Handle = null;
        }

        private void Ascend(Level emptied)
        {
            using var handle = emptied.Handle;
            if (!_levels.TryPeek(out var above)) return;
            above.Handle ??= handle!.OpenOrDefault(Parent);
            if (above.Handle is null || FileStatus.Of(above.Handle.Descriptor)?.Identity != above.Identity)
                throw new ConnectException(ConnectCode.Aborted, $"path '{path}' is moved about while it is removed; stop that and remove it again");

            var before = above.Full.Count;
            Remove(above, emptied.Name);
            if (above.Full.Count > before && ++_refilled > Patience) throw Busy(path);
        }
    }
}
