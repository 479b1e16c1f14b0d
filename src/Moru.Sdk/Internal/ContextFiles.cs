using System.Text.RegularExpressions;

namespace Moru;

/// <summary>One file, directory or symbolic link of a context directory.</summary>
/// <param name="Path">Where it is in the directory, with slashes.</param>
/// <param name="Source">What is read; of a link that is followed, what it leads to.</param>
/// <param name="LinkTarget">What a link that is kept says; null for anything else.</param>
internal sealed record ContextFile(string Path, FileSystemInfo Source, string? LinkTarget)
{
    private const int FileType = 0x8000, DirectoryType = 0x4000, LinkType = 0xA000;
    private const int DefaultFileMode = 0b110_100_100, DefaultDirectoryMode = 0b111_101_101;

    public bool IsDirectory => LinkTarget is null && Source is DirectoryInfo;

    /// <summary>Size of a file, of which nothing is read when it is 0: that may be a pipe.</summary>
    public long Length => LinkTarget is null && Source is FileInfo file ? file.Length : 0;

    public UnixFileMode Permissions => LinkTarget is not null ? (UnixFileMode)0b111_111_111
        : !OperatingSystem.IsWindows() ? Source.UnixFileMode
        : (UnixFileMode)(IsDirectory ? DefaultDirectoryMode : DefaultFileMode);

    /// <summary>Type and permissions, as the system call stat tells them.</summary>
    public int StatMode => (LinkTarget is not null ? LinkType : IsDirectory ? DirectoryType : FileType) | (int)Permissions;
}

/// <summary>Finds the files that a COPY takes.</summary>
internal sealed class ContextFiles(PathPatterns ignored, bool followLinks)
{
    private readonly SortedDictionary<string, ContextFile> found = new(StringComparer.Ordinal);
    private readonly HashSet<string> open = new(StringComparer.Ordinal); // directories that are being looked through

    /// <summary>Finds what a source means: a directory with all below it, a file, or all that a pattern matches. Names are in the order of their bytes.</summary>
    /// <param name="directory">The context directory.</param>
    /// <param name="source">Relative path or pattern.</param>
    /// <param name="ignore">Patterns besides those in the directory's <c>.dockerignore</c>.</param>
    /// <param name="followLinks">Whether what links lead to is taken in their place.</param>
    /// <exception cref="InvalidArgumentException">The source leads out of the directory, or there is nothing.</exception>
    public static IReadOnlyCollection<ContextFile> Find(string directory, string source, IEnumerable<string> ignore, bool followLinks)
    {
        var root = System.IO.Path.GetFullPath(directory);
        if (!Directory.Exists(root)) throw new InvalidArgumentException($"The context directory '{directory}' does not exist; set it with WithContext.");
        var list = System.IO.Path.Combine(root, ".dockerignore");
        var ignored = new PathPatterns([.. ignore, .. File.Exists(list) ? File.ReadLines(list) : []]);

        var parts = source.Replace('\\', '/').Split('/').Where(part => part is not ("" or ".")).ToList();
        if (parts.Contains("..") || System.IO.Path.IsPathRooted(source))
            throw new InvalidArgumentException($"'{source}' leads out of the context directory '{root}'; copy only what is below it, or set another with WithContext.");
        var plain = parts.TakeWhile(part => !part.AsSpan().ContainsAny("*?[")).ToList();

        var files = new ContextFiles(ignored, followLinks);
        var path = string.Join('/', plain);
        var start = System.IO.Path.Combine(root, path);
        FileSystemInfo entry = Directory.Exists(start) ? new DirectoryInfo(start) : new FileInfo(start);
        if (plain.Count == parts.Count) files.Take(path, entry);
        else files.TakeMatches(path, entry, PathPatterns.Compile(string.Join('/', parts), andBelow: false));
        return files.found.Count > 0 ? files.found.Values
            : throw new InvalidArgumentException($"'{source}' matches nothing in the context directory '{root}', or only what is ignored.");
    }

    private void TakeMatches(string path, FileSystemInfo entry, Regex pattern)
    {
        if (pattern.IsMatch(path)) Take(path, entry);
        else if (Look(path, entry) is { IsDirectory: true } folder) Inside(folder, (name, child) => TakeMatches(name, child, pattern));
    }

    /// <summary>Takes what is at a path, and of a directory all below it.</summary>
    private void Take(string path, FileSystemInfo entry)
    {
        var isIgnored = path.Length > 0 && ignored.Match(path);
        if ((isIgnored && !ignored.HasExceptions) || Look(path, entry) is not { } file) return;
        if (path.Length > 0 && !isIgnored) found[path] = file;
        if (file.IsDirectory) Inside(file, Take);
    }

    private void Inside(ContextFile folder, Action<string, FileSystemInfo> visit)
    {
        if (!open.Add(folder.Source.FullName))
            throw new InvalidArgumentException($"The symbolic link '{folder.Path}' leads in a circle; copy without ResolveSymlinks, or ignore it.");
        foreach (var child in ((DirectoryInfo)folder.Source).EnumerateFileSystemInfos())
            visit(folder.Path.Length == 0 ? child.Name : $"{folder.Path}/{child.Name}", child);
        open.Remove(folder.Source.FullName);
    }

    private ContextFile? Look(string path, FileSystemInfo entry)
    {
        if (entry.LinkTarget is not { } target) return entry.Exists ? new ContextFile(path, entry, null) : null;
        return followLinks && entry.ResolveLinkTarget(returnFinalTarget: true) is { Exists: true } final ? new ContextFile(path, final, null) : new ContextFile(path, entry, target);
    }
}
