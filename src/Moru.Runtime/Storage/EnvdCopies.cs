using System.Security.Cryptography;

namespace Moru.Runtime;

/// <summary>
/// Copies of envd by content, <c>envd/&lt;digest&gt;/envd</c>: sandboxes keep the one they started with when the original is built anew.
/// </summary>
internal sealed class EnvdCopies(string dataDirectory)
{
    private readonly string root = Path.Combine(dataDirectory, "envd");

    public string PathOf(string digest) => Path.Combine(root, digest, "envd");

    /// <summary>Copies the executable unless the same content is there already.</summary>
    /// <returns>Its digest.</returns>
    public async Task<string> AddAsync(string source, CancellationToken cancellationToken)
    {
        if (!File.Exists(source))
        {
            throw new RuntimeException(
                RuntimeError.InvalidArgument, $"The sandbox agent '{Path.GetFileName(source)}' is missing. Build it with './moru build', or set MORU_ENVD to its path.");
        }

        var digest = await DigestAsync(source, cancellationToken);
        var target = PathOf(digest);
        if (File.Exists(target)) return digest;

        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        var unfinished = target + ".new";
        File.Copy(source, unfinished, overwrite: true);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(unfinished, (UnixFileMode)0b111_101_101);
        File.Move(unfinished, target, overwrite: true);
        return digest;
    }

    /// <summary>Removes the copies that no sandbox has mounted.</summary>
    public void RemoveAllBut(IReadOnlySet<string> digests)
    {
        foreach (var directory in Directory.EnumerateDirectories(root))
            if (!digests.Contains(Path.GetFileName(directory))) Directory.Delete(directory, recursive: true);
    }

    private static async Task<string> DigestAsync(string file, CancellationToken cancellationToken)
    {
        await using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken))[..12];
    }
}
