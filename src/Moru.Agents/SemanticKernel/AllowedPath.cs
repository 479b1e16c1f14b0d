namespace Moru.Agents;

/// <summary>Which files of this machine a model may name.</summary>
internal static class AllowedPath
{
    private const int MaxLinks = 40;

    /// <summary>Returns where a path really leads, links followed, when that is below an allowed directory.</summary>
    /// <exception cref="InvalidOperationException">It is not. The message does not say what else exists.</exception>
    public static string Resolve(string path, IEnumerable<string>? allowed, string purpose)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var real = Real(path);
        return (allowed ?? []).Any(directory => IsBelow(real, Real(directory)))
            ? real
            : throw new InvalidOperationException($"'{path}' is not in a directory that files may be {purpose}.");
    }

    private static bool IsBelow(string path, string directory) =>
        path.StartsWith(directory.EndsWith(Path.DirectorySeparatorChar) ? directory : directory + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    // The part of a path that does not exist yet has no links to follow.
    private static string Real(string path)
    {
        var links = 0;
        var rest = new Stack<string>(Parts(Path.GetFullPath(path)).Reverse());
        var real = Path.GetPathRoot(Path.GetFullPath(path))!;
        while (rest.TryPop(out var part))
        {
            if (part == "..")
            {
                real = Path.GetDirectoryName(real) ?? real;
                continue;
            }

            var next = Path.Combine(real, part);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                real = next;
                continue;
            }

            if (++links > MaxLinks) throw new InvalidOperationException($"'{path}' has too many links.");
            if (Path.IsPathRooted(target)) real = Path.GetPathRoot(target)!;
            foreach (var piece in Parts(target).Reverse()) rest.Push(piece);
        }

        return real;
    }

    private static IEnumerable<string> Parts(string path) =>
        path[(Path.GetPathRoot(path)?.Length ?? 0)..].Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".");
}
