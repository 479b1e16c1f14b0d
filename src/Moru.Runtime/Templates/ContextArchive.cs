using System.Formats.Tar;
using System.IO.Compression;

namespace Moru.Runtime;

/// <summary>
/// Turns an uploaded tar.gz into a plain tar that is safe to unpack: relative names that stay below, no way through a symbolic link,
/// files, directories and links only, no set-id bits, nobody's ownership, all within bounds. Anything else is refused whole.
/// </summary>
internal static class ContextArchive
{
    public const int MaxEntries = 100_000;

    private const int MaxNameChars = 4096;
    private const int MaxDepth = 100;
    private const int MaxAllNameChars = 32 << 20;
    private const UnixFileMode Permissions = (UnixFileMode)0b111_111_111;

    /// <param name="source">The tar.gz.</param>
    /// <param name="target">Takes the tar; it must be able to seek.</param>
    /// <param name="maxBytes">The most that there may be, unpacked.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RuntimeException"><see cref="RuntimeError.InvalidArgument"/>: the archive is malformed, hostile or too large.</exception>
    public static async Task CopyAsync(Stream source, Stream target, long maxBytes, CancellationToken cancellationToken)
    {
        try
        {
            await using var unpacked = new GZipStream(source, CompressionMode.Decompress, leaveOpen: true);
            await using var rationed = new RationedStream(unpacked, maxBytes);
            await using var reader = new TarReader(rationed, leaveOpen: true);
            await using var writer = new TarWriter(target, TarEntryFormat.Gnu, leaveOpen: true);
            var links = new HashSet<string>(StringComparer.Ordinal);
            var (entries, nameChars) = (0, 0);
            while (await reader.GetNextEntryAsync(copyData: false, cancellationToken) is { } entry)
            {
                if (entry.EntryType is TarEntryType.GlobalExtendedAttributes) continue;
                if (++entries > MaxEntries) throw Refused($"it has more than {MaxEntries} entries");
                if ((nameChars += entry.Name.Length + entry.LinkName.Length) > MaxAllNameChars) throw Refused("its names are too long");
                if (Safe(entry, links) is { } safe) await writer.WriteEntryAsync(safe, cancellationToken);
            }

            if (entries == 0) throw Refused("it holds nothing");
        }
        catch (Exception broken) when (broken is InvalidDataException or EndOfStreamException or FormatException or ArgumentException or NotSupportedException or OverflowException)
        {
            throw new RuntimeException(RuntimeError.InvalidArgument, $"The archive cannot be read: {broken.Message}", broken);
        }
    }

    /// <returns>Null for the root itself.</returns>
    private static GnuTarEntry? Safe(TarEntry entry, HashSet<string> links)
    {
        var name = Relative(entry.Name, links);
        if (name.Length == 0) return null;
        var type = entry.EntryType switch
        {
            TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile => TarEntryType.RegularFile,
            TarEntryType.Directory or TarEntryType.SymbolicLink or TarEntryType.HardLink => entry.EntryType,
            _ => throw Refused($"'{entry.Name}' is neither a file, a directory nor a link"),
        };
        if (links.Contains(name)) throw Refused($"'{entry.Name}' replaces a symbolic link");

        var safe = new GnuTarEntry(type, name) { Mode = entry.Mode & Permissions, ModificationTime = entry.ModificationTime };
        if (type is TarEntryType.RegularFile) safe.DataStream = entry.DataStream;
        if (type is TarEntryType.HardLink) safe.LinkName = Relative(entry.LinkName, links);
        if (type is TarEntryType.SymbolicLink)
        {
            // Where it leads is the sandbox's own business; that nothing is written through it is ours.
            safe.LinkName = entry.LinkName;
            links.Add(name);
        }

        return safe;
    }

    private static string Relative(string name, HashSet<string> links)
    {
        if (name.Length > MaxNameChars) throw Refused("it has a name that is too long");
        if (name.StartsWith('/')) throw Refused($"'{name}' is an absolute name");
        if (name.Contains('\0')) throw Refused("it has a name that no file can have");
        var parts = name.Split('/').Where(part => part is not ("" or ".")).ToArray();
        if (parts.Contains("..")) throw Refused($"'{name}' leads out of the archive");
        if (parts.Length > MaxDepth) throw Refused($"it has names of more than {MaxDepth} parts");
        var clean = string.Join('/', parts);
        if (links.Count == 0) return clean;
        // Without a copy of every folder's name: a name may have a hundred of them, and an archive a hundred thousand names.
        var known = links.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var end = clean.IndexOf('/'); end >= 0; end = clean.IndexOf('/', end + 1))
            if (known.Contains(clean.AsSpan(0, end))) throw Refused($"'{name}' lies behind a symbolic link");
        return clean;
    }

    private static RuntimeException Refused(string problem) => new(RuntimeError.InvalidArgument, $"The archive is refused: {problem}.");
}
