using Moru.Protocol;

namespace Moru.Envd;

/// <summary>
/// Copies an entry and all below it with owner, mode, times and extended attributes. Links and special files are made anew; names
/// that share one file (hard links) get a file each.
/// </summary>
internal static class TreeCopy
{
    private const int MaxDepth = 256;
    private const int EntriesPerTurn = 64;

    /// <param name="source">Absolute, in a directory without links in its path.</param>
    /// <param name="target">Where nothing is yet.</param>
    /// <param name="cancellationToken">Stops half-way.</param>
    /// <exception cref="ConnectException">The tree is too deep, changes meanwhile, or the kernel refuses.</exception>
    public static async Task CopyAsync(string source, string target, CancellationToken cancellationToken)
    {
        var (sourceFolder, sourceName) = TreeRemoval.Split(source);
        var (targetFolder, targetName) = TreeRemoval.Split(target);
        using var from = DirectoryHandle.OpenOrDefault(sourceFolder) ?? throw FileFailure.Of(Posix.LastError, source);
        using var to = DirectoryHandle.OpenOrDefault(targetFolder) ?? throw FileFailure.Of(Posix.LastError, target);

        var levels = new Stack<Level>();
        try
        {
            await EnterAsync(levels, from, EntryName.Of(sourceName), to, EntryName.Of(targetName), source, cancellationToken);
            for (var entries = 1; levels.TryPeek(out var level); entries++)
            {
                if (level.NextOrDefault() is { } item) await EnterAsync(levels, level.From, item.Name, level.To, item.Name, source, cancellationToken);
                else levels.Pop().Finish(source);
                if (entries % EntriesPerTurn != 0) continue;
                // Other calls wait for this thread.
                cancellationToken.ThrowIfCancellationRequested();
                await Task.Yield();
            }
        }
        finally
        {
            foreach (var level in levels) level.Dispose();
        }
    }

    private static async Task EnterAsync(
        Stack<Level> levels, DirectoryHandle from, EntryName name, DirectoryHandle to, EntryName newName, string source, CancellationToken cancellationToken)
    {
        // Whoever removes entries meanwhile does not want them moved.
        if (from.StatusOfLink(name) is not { } status) return;
        if (!status.IsDirectory)
        {
            var error = status.IsRegular ? await CopyFileAsync(from, name, to, newName, cancellationToken) : FileCopy.Copy(from, name, status, to, newName);
            if (error != 0) throw FileFailure.Of(error, levels.Count == 0 ? source : $"{source}/…/{name}");
            return;
        }

        if (levels.Count == MaxDepth)
            throw new ConnectException(ConnectCode.InvalidArgument, $"'{source}' is more than {MaxDepth} directories deep; move it to another file system with a command");
        if (FileCopy.MakeDirectory(to, newName) is not 0 and var refused) throw FileFailure.Of(refused, source);
        var inner = from.OpenOrDefault(name) ?? throw FileFailure.Of(Posix.LastError, source);
        if (to.OpenOrDefault(newName) is { } copy)
        {
            levels.Push(new Level(inner, copy, status));
            return;
        }

        inner.Dispose();
        throw FileFailure.Of(Posix.LastError, source);
    }

    private static async Task<int> CopyFileAsync(DirectoryHandle from, EntryName name, DirectoryHandle to, EntryName newName, CancellationToken cancellationToken)
    {
        if (FileCopy.Open(from, name, to, newName, out var opened) is not 0 and var refused) return refused;
        using var content = opened!;
        int? result;
        while ((result = content.Step()) is null)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        return result.Value;
    }

    private sealed class Level(DirectoryHandle from, DirectoryHandle to, FileStatus status) : IDisposable
    {
        private Queue<DirectoryItem> _items = new();

        public DirectoryHandle From => from;

        public DirectoryHandle To => to;

        public DirectoryItem? NextOrDefault()
        {
            if (_items.Count == 0) _items = new Queue<DirectoryItem>(from.Read());
            return _items.TryDequeue(out var item) ? item : null;
        }

        /// <summary>Gives the copy its attributes; earlier, its own content would change them.</summary>
        public void Finish(string source)
        {
            var error = FileCopy.CopyAttributes(from.Descriptor, to.Descriptor, status);
            Dispose();
            if (error != 0) throw FileFailure.Of(error, source);
        }

        public void Dispose()
        {
            from.Dispose();
            to.Dispose();
        }
    }
}
