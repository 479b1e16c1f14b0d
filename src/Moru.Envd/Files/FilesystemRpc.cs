using Microsoft.AspNetCore.Http;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>The calls of <c>filesystem.Filesystem</c>. They have root's rights, as the contract asks; ownership is set afterwards.</summary>
internal sealed class FilesystemRpc(Settings settings)
{
    private const int MaxEntries = 100_000;

    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, IgnoreInaccessible = true };

    public ListDirResponse List(HttpContext context, ListDirRequest request)
    {
        var user = settings.Resolve(RpcUser.Of(context.Request));
        var asked = SandboxPath.Resolve(request.Path, user, settings.Current.Directory);
        var root = Path.GetFullPath(asked) is var full && full.Length > 1 ? full.TrimEnd('/') : full;
        switch (FileStatus.Of(root))
        {
            case null:
                throw new ConnectException(ConnectCode.NotFound, $"path '{root}' does not exist");
            case { IsDirectory: false }:
                throw new ConnectException(ConnectCode.InvalidArgument, $"path '{root}' is not a directory");
        }

        var entries = new List<FileEntry>();
        // The root may be a link, links below it are not followed, and entries keep the path that was asked for.
        var actual = EntryReader.ResolveOrDefault(root) ?? root;
        Walk(new DirectoryInfo(actual), root, Math.Max(request.Depth, 1), new EntryReader(), entries);
        return new ListDirResponse(entries);
    }

    private static void Walk(DirectoryInfo directory, string shown, uint depth, EntryReader reader, List<FileEntry> entries)
    {
        foreach (var item in Children(directory))
        {
            if (reader.ReadOrDefault($"{directory.FullName.TrimEnd('/')}/{item.Name}") is not { } entry) continue;
            if (entries.Count == MaxEntries)
                throw new ConnectException(ConnectCode.ResourceExhausted, $"'{shown}' has more than {MaxEntries} entries at this depth; ask for a smaller depth");

            var path = $"{shown.TrimEnd('/')}/{item.Name}";
            entries.Add(entry with { Path = path });
            if (depth > 1 && entry is { Type: FileType.Directory, SymlinkTarget: null } && item is DirectoryInfo { LinkTarget: null } inner)
                Walk(inner, path, depth - 1, reader, entries);
        }
    }

    private static FileSystemInfo[] Children(DirectoryInfo directory)
    {
        try
        {
            var children = directory.EnumerateFileSystemInfos("*", Everything).Take(MaxEntries + 1).ToArray();
            Array.Sort(children, (a, b) => string.CompareOrdinal(a.Name, b.Name));
            return children;
        }
        catch (DirectoryNotFoundException)
        {
            // Removed while we walk.
            return [];
        }
    }
}
