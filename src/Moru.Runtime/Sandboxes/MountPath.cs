namespace Moru.Runtime;

/// <summary>Where in a sandbox a volume may be mounted.</summary>
internal static class MountPath
{
    private static readonly string[] Roots = ["/workspace", "/data", "/mnt", "/volumes"];

    /// <exception cref="RuntimeException"><see cref="RuntimeError.InvalidArgument"/>.</exception>
    public static void Check(string path)
    {
        if (!path.StartsWith('/')) throw Invalid(path, "is not absolute");
        if (path.Length > 1 && path.Split('/')[1..].Any(part => part is "" or ".")) throw Invalid(path, "has an empty part or a '.'");
        if (path.Contains("..", StringComparison.Ordinal)) throw Invalid(path, "contains '..'");
        if (!Roots.Any(root => path == root || path.StartsWith(root + "/", StringComparison.Ordinal)))
            throw Invalid(path, $"is outside of {string.Join(", ", Roots)}");
    }

    private static RuntimeException Invalid(string path, string problem) =>
        new(RuntimeError.InvalidArgument, $"The volume's mount path '{path}' {problem}.");
}
