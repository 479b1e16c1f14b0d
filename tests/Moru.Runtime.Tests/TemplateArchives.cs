using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Text;

namespace Moru.Runtime.Tests;

public sealed class TemplateArchives
{
    private const long MiB = 1 << 20;

    [Fact]
    public async Task Files_folders_and_links_come_through_without_owner_and_set_id_bits()
    {
        var safe = await CopyAsync(
            new PaxTarEntry(TarEntryType.Directory, "./app/") { Mode = (UnixFileMode)0b001_111_101_101 },
            File("app/run", "#!/bin/sh", (UnixFileMode)0b111_111_101_101, uid: 33),
            new PaxTarEntry(TarEntryType.SymbolicLink, "app/link") { LinkName = "/etc/passwd" },
            new PaxTarEntry(TarEntryType.HardLink, "app/twin") { LinkName = "app/run" },
            File(new string('n', 200) + "/long", "x"));

        Assert.Equal(["app", "app/run", "app/link", "app/twin", new string('n', 200) + "/long"], safe.Select(entry => entry.Name));
        Assert.Equal((UnixFileMode)0b111_101_101, safe[1].Mode);
        Assert.Equal((0, "/etc/passwd", "app/run"), (safe[1].Uid, safe[2].LinkName, safe[3].LinkName));
    }

    public static TheoryData<string, TarEntryType, string, string> Hostile => new()
    {
        { "/etc/passwd", TarEntryType.RegularFile, "", "absolute" },
        { "../up", TarEntryType.RegularFile, "", "leads out" },
        { "a/../../up", TarEntryType.RegularFile, "", "leads out" },
        { "link/through", TarEntryType.RegularFile, "", "behind a symbolic link" },
        { "link", TarEntryType.RegularFile, "", "replaces a symbolic link" },
        { "hard", TarEntryType.HardLink, "/etc/shadow", "absolute" },
        { "hard", TarEntryType.HardLink, "../../x", "leads out" },
        { "hard", TarEntryType.HardLink, "link/x", "behind a symbolic link" },
        { "disk", TarEntryType.BlockDevice, "", "neither" },
        { "tty", TarEntryType.CharacterDevice, "", "neither" },
        { "pipe", TarEntryType.Fifo, "", "neither" },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task What_could_do_harm_is_refused(string name, TarEntryType type, string target, string says)
    {
        var entry = new PaxTarEntry(type, name);
        if (type is TarEntryType.HardLink) entry.LinkName = target;

        var refused = await Assert.ThrowsAsync<RuntimeException>(() => CopyAsync(new PaxTarEntry(TarEntryType.SymbolicLink, "link") { LinkName = "/etc" }, entry));

        Assert.Equal(RuntimeError.InvalidArgument, refused.Error);
        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bomb_is_refused_before_it_has_filled_the_disk()
    {
        using var bomb = new MemoryStream();
        await using (var gzip = new GZipStream(bomb, CompressionLevel.SmallestSize, leaveOpen: true))
        await using (var writer = new TarWriter(gzip))
            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, "zeros") { DataStream = new MemoryStream(new byte[64 * MiB]) }, Node.Cancel);
        bomb.Position = 0;
        using var target = new MemoryStream();

        var refused = await Assert.ThrowsAsync<RuntimeException>(() => ContextArchive.CopyAsync(bomb, target, MiB, Node.Cancel));

        Assert.Contains("larger than 1 MiB", refused.Message, StringComparison.Ordinal);
        Assert.InRange(target.Length, 0, 2 * MiB);
    }

    [Fact]
    public async Task A_header_that_claims_to_be_huge_takes_no_memory()
    {
        var header = new byte[512];
        Encoding.ASCII.GetBytes("evil").CopyTo(header, 0);
        Encoding.ASCII.GetBytes("0000644\0").CopyTo(header, 100);
        Encoding.ASCII.GetBytes("16000000000\0").CopyTo(header, 124); // 1.75 GiB
        Encoding.ASCII.GetBytes("00000000000\0").CopyTo(header, 136);
        header[156] = (byte)'x';
        Encoding.ASCII.GetBytes("ustar\000").CopyTo(header, 257);
        var sum = header.Sum(value => value) + 8 * ' ';
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(header, 148);

        var refused = await Assert.ThrowsAsync<RuntimeException>(() => ContextArchive.CopyAsync(Packed([.. header, .. new byte[4 * MiB]]), Stream.Null, 4096 * MiB, Node.Cancel));

        Assert.Contains("larger than any that is needed", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_entries_than_any_project_has_are_refused()
    {
        using var archive = new MemoryStream();
        await using (var gzip = new GZipStream(archive, CompressionLevel.Fastest, leaveOpen: true))
        await using (var writer = new TarWriter(gzip, TarEntryFormat.Ustar))
            for (var i = 0; i <= ContextArchive.MaxEntries; i++) await writer.WriteEntryAsync(new UstarTarEntry(TarEntryType.RegularFile, $"f{i}"), Node.Cancel);
        archive.Position = 0;

        var refused = await Assert.ThrowsAsync<RuntimeException>(() => ContextArchive.CopyAsync(archive, Stream.Null, 1024 * MiB, Node.Cancel));

        Assert.Contains("more than 100000 entries", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_that_are_as_long_as_any_do_not_keep_the_server_busy()
    {
        var name = string.Concat(Enumerable.Repeat(new string('n', 39) + "/", 100));
        using var archive = new MemoryStream();
        await using (var gzip = new GZipStream(archive, CompressionLevel.Fastest, leaveOpen: true))
        await using (var writer = new TarWriter(gzip))
        {
            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.SymbolicLink, "link") { LinkName = "x" }, Node.Cancel);
            for (var i = 0; i < 9000; i++) await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, $"{name[..^6]}{i:00000}"), Node.Cancel);
        }

        archive.Position = 0;
        var began = Stopwatch.GetTimestamp();
        var refused = await Assert.ThrowsAsync<RuntimeException>(() => ContextArchive.CopyAsync(archive, Stream.Null, 1024 * MiB, Node.Cancel));

        Assert.Contains("names are too long", refused.Message, StringComparison.Ordinal);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 20);
        Assert.Contains("more than 100 parts", (await Assert.ThrowsAsync<RuntimeException>(() => CopyAsync(File(string.Concat(Enumerable.Repeat("a/", 100)) + "b", "")))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no archive at all")]
    [InlineData("")]
    public async Task What_is_no_archive_is_refused(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);

        Assert.Equal(RuntimeError.InvalidArgument, (await Assert.ThrowsAsync<RuntimeException>(() => ContextArchive.CopyAsync(new MemoryStream(bytes), Stream.Null, MiB, Node.Cancel))).Error);
        Assert.Equal(RuntimeError.InvalidArgument, (await Assert.ThrowsAsync<RuntimeException>(() => ContextArchive.CopyAsync(Packed(bytes), Stream.Null, MiB, Node.Cancel))).Error);
    }

    [Theory]
    [InlineData(".", ".")]
    [InlineData("src", "src")]
    [InlineData("./src/**/*.ts", "src")]
    [InlineData("*.txt", ".")]
    [InlineData("a/b?.txt", "a")]
    public void A_pattern_stands_for_the_folder_its_files_are_below(string source, string folder) => Assert.Equal(folder, BuildSteps.WithoutGlob(source));

    private static PaxTarEntry File(string name, string content, UnixFileMode mode = (UnixFileMode)0b110_100_100, int uid = 0) =>
        new(TarEntryType.RegularFile, name) { Mode = mode, Uid = uid, DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)) };

    private static MemoryStream Packed(byte[] bytes)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(bytes);
        packed.Position = 0;
        return packed;
    }

    private static async Task<List<TarEntry>> CopyAsync(params TarEntry[] entries)
    {
        using var archive = new MemoryStream();
        await using (var gzip = new GZipStream(archive, CompressionLevel.Fastest, leaveOpen: true))
        await using (var writer = new TarWriter(gzip))
            foreach (var entry in entries) await writer.WriteEntryAsync(entry, Node.Cancel);
        archive.Position = 0;
        using var target = new MemoryStream();
        await ContextArchive.CopyAsync(archive, target, MiB, Node.Cancel);
        target.Position = 0;

        var safe = new List<TarEntry>();
        await using var reader = new TarReader(target);
        while (await reader.GetNextEntryAsync(copyData: true, Node.Cancel) is { } entry) safe.Add(entry);
        return safe;
    }
}
