using System.Formats.Tar;
using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace Moru;

/// <summary>The files of a COPY, named by their content and packed for the server. No file is held in memory.</summary>
internal static class ContextArchive
{
    /// <summary>
    /// Names the files by their paths, permissions, sizes and contents. It is what the official clients compute, but for the sizes of
    /// directories, which differ between disks.
    /// </summary>
    public static async Task<string> HashAsync(string source, string destination, IEnumerable<ContextFile> files, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add($"COPY {source} {destination}");
        foreach (var file in files)
        {
            var size = file.LinkTarget is { } target ? Encoding.UTF8.GetByteCount(target) : file.Length;
            Add(string.Create(CultureInfo.InvariantCulture, $"{file.Path}{file.StatMode}{size}{file.LinkTarget}"));
            if (file.Length > 0) await AddContentAsync(hash, file, cancellationToken).ConfigureAwait(false);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());

        void Add(string text) => hash.AppendData(Encoding.UTF8.GetBytes(text));
    }

    /// <summary>Packs files into a temporary tar.gz, which is gone when it is closed. A file, because some stores want to know the length first.</summary>
    public static async Task<FileStream> PackAsync(IEnumerable<ContextFile> files, CancellationToken cancellationToken)
    {
        var packed = new FileStream(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()), new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.None, Options = FileOptions.Asynchronous | FileOptions.DeleteOnClose,
        });
        try
        {
            var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true);
            await using (gzip.ConfigureAwait(false))
            {
                var tar = new TarWriter(gzip, TarEntryFormat.Pax, leaveOpen: true);
                await using (tar.ConfigureAwait(false))
                    foreach (var file in files) await AddAsync(tar, file, cancellationToken).ConfigureAwait(false);
            }

            packed.Position = 0;
            return packed;
        }
        catch
        {
            await packed.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static async Task AddAsync(TarWriter tar, ContextFile file, CancellationToken cancellationToken)
    {
        var type = file.LinkTarget is not null ? TarEntryType.SymbolicLink : file.IsDirectory ? TarEntryType.Directory : TarEntryType.RegularFile;
        var entry = new PaxTarEntry(type, file.Path) { Mode = file.Permissions, ModificationTime = file.Source.LastWriteTimeUtc };
        if (file.LinkTarget is { } target) entry.LinkName = target;
        var content = file.Length > 0 ? Open(file) : null;
        try
        {
            if (content is not null) entry.DataStream = content;
            await tar.WriteEntryAsync(entry, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (content is not null) await content.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static async Task AddContentAsync(IncrementalHash hash, ContextFile file, CancellationToken cancellationToken)
    {
        var content = Open(file);
        await using (content.ConfigureAwait(false))
        {
            var buffer = new byte[128 << 10];
            for (int read; (read = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;) hash.AppendData(buffer, 0, read);
        }
    }

    private static FileStream Open(ContextFile file) =>
        new(file.Source.FullName, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1, FileOptions.Asynchronous | FileOptions.SequentialScan);
}
