using Moru.Protocol;

namespace Moru.Envd;

/// <summary>
/// Lists a tree, a directory before its content, by the bytes of the names. Links below the root are not followed. Directories are
/// opened by path, so the tree ends where paths become too long for the kernel.
/// </summary>
internal sealed class DirectoryListing(string root)
{
    private const int MaxEntries = 100_000;

    private readonly EntryReader _reader = new();
    private readonly List<FileEntry> _entries = [];

    /// <exception cref="ConnectException">There are more than <see cref="MaxEntries"/>.</exception>
    public IReadOnlyList<FileEntry> Read(uint depth)
    {
        // The root may be a link; entries keep the path that was asked for.
        Walk(EntryReader.ResolveOrDefault(root) ?? root, root, depth);
        return _entries;
    }

    private void Walk(string actual, string shown, uint depth)
    {
        foreach (var entry in Children(actual, shown))
        {
            if (_entries.Count == MaxEntries) throw TooMany();
            _entries.Add(entry);
            if (depth > 1 && entry is { Type: FileType.Directory } && entry.Permissions![0] == 'd')
                Walk(Join(actual, entry.Name), entry.Path, depth - 1);
        }
    }

    private List<FileEntry> Children(string actual, string shown)
    {
        using var directory = DirectoryHandle.OpenOrDefault(actual);
        var names = new List<EntryName>();
        while (directory?.Read() is { Count: > 0 } items)
        {
            names.AddRange(items.Select(item => item.Name));
            if (names.Count + _entries.Count > MaxEntries) throw TooMany();
        }

        names.Sort();
        var children = new List<FileEntry>(names.Count);
        foreach (var name in names)
        {
            var text = name.ToString();
            if (_reader.ReadOrDefault(directory!, name, Join(actual, text), Join(shown, text)) is { } entry) children.Add(entry);
        }

        return children;
    }

    private ConnectException TooMany() =>
        new(ConnectCode.ResourceExhausted, $"'{root}' has more than {MaxEntries} entries at this depth; ask for a smaller depth or list with a command");

    private static string Join(string directory, string name) => directory == "/" ? $"/{name}" : $"{directory}/{name}";
}
