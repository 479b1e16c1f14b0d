using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Text;

namespace Moru.Server.Tests;

public sealed class TemplateUploadSpecs
{
    [Fact]
    public async Task Files_are_uploaded_once_by_whoever_has_the_url()
    {
        await using var server = await MemoryServer.StartAsync();
        var (template, _) = await server.RequestTemplateAsync("mine");

        var before = await server.GetAsync($"/templates/{template}/files/h1");
        var status = await PutAsync(before["url"]!, Archive("a.txt"));
        var after = await server.GetAsync($"/templates/{template}/files/h1");

        Assert.Equal((201, false, 200), (before.Status, before.Json.GetProperty("present").GetBoolean(), status));
        Assert.True(after.Json.GetProperty("present").GetBoolean());
        Assert.StartsWith(server.Http.BaseAddress!.ToString(), after["url"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("signature=", "signature=0")]
    [InlineData("expires=", "expires=9")]
    [InlineData("team=", "team=x")]
    [InlineData("/h1?", "/h2?")]
    public async Task A_url_that_was_changed_is_no_permission(string part, string changed)
    {
        await using var server = await MemoryServer.StartAsync();
        var (template, _) = await server.RequestTemplateAsync("mine");
        var url = (await server.GetAsync($"/templates/{template}/files/h1"))["url"]!;

        Assert.Equal(403, await PutAsync(url.Replace(part, changed, StringComparison.Ordinal), Archive("a.txt")));
    }

    [Fact]
    public async Task A_url_is_good_for_an_hour()
    {
        await using var server = await MemoryServer.StartAsync();
        var (template, _) = await server.RequestTemplateAsync("mine");
        var url = (await server.GetAsync($"/templates/{template}/files/h1"))["url"]!;

        server.Clock.Advance(TimeSpan.FromMinutes(61));

        Assert.Equal(403, await PutAsync(url, Archive("a.txt")));
    }

    [Theory]
    [InlineData("/etc/cron.d/x")]
    [InlineData("../../x")]
    public async Task A_hostile_archive_is_refused_and_nothing_is_kept(string name)
    {
        await using var server = await MemoryServer.StartAsync();
        var (template, _) = await server.RequestTemplateAsync("mine");
        var url = (await server.GetAsync($"/templates/{template}/files/h1"))["url"]!;

        Assert.Equal(400, await PutAsync(url, Archive(name)));
        Assert.Equal(400, await PutAsync(url, Encoding.UTF8.GetBytes("no archive")));

        Assert.False((await server.GetAsync($"/templates/{template}/files/h1")).Json.GetProperty("present").GetBoolean());
    }

    [Fact]
    public async Task A_million_entries_are_refused_at_once_and_take_no_memory()
    {
        await using var server = await MemoryServer.StartAsync();
        var (template, _) = await server.RequestTemplateAsync("mine");
        var url = (await server.GetAsync($"/templates/{template}/files/h1"))["url"]!;
        // An archive may be packed in parts: a hundred times the same ten thousand files.
        var archive = Enumerable.Repeat(Part(10_000), 100).SelectMany(part => part).ToArray();
        var (began, before) = (Stopwatch.GetTimestamp(), GC.GetTotalMemory(forceFullCollection: true));

        Assert.Equal(400, await PutAsync(url, archive));

        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 10);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 16 << 20);
        Assert.Empty(Directory.GetFiles(Path.Combine(server.DataDirectory, "template-files")));
    }

    [Fact]
    public async Task An_archive_that_is_too_large_is_refused()
    {
        await using var server = await MemoryServer.StartAsync(options => options with { MaxArchiveBytes = 64 << 10 });
        var (template, _) = await server.RequestTemplateAsync("mine");
        var url = (await server.GetAsync($"/templates/{template}/files/h1"))["url"]!;

        Assert.Equal(400, await PutAsync(url, Archive("big", new byte[1 << 20])));
    }

    [Fact]
    public async Task What_was_not_used_for_the_longest_time_makes_room()
    {
        await using var server = await MemoryServer.StartAsync(options => options with { MaxKeptArchiveBytes = 250 << 10 });
        var (template, _) = await server.RequestTemplateAsync("mine");
        for (var i = 1; i <= 3; i++)
        {
            server.Clock.Advance(TimeSpan.FromSeconds(1));
            var link = await server.GetAsync($"/templates/{template}/files/h{i}");
            Assert.Equal(200, await PutAsync(link["url"]!, Archive($"f{i}", new byte[100 << 10])));
        }

        Assert.False((await server.GetAsync($"/templates/{template}/files/h1")).Json.GetProperty("present").GetBoolean());
        Assert.True((await server.GetAsync($"/templates/{template}/files/h3")).Json.GetProperty("present").GetBoolean());
    }

    [Fact]
    public async Task A_link_needs_a_template_of_ones_own_and_a_hash()
    {
        await using var server = await MemoryServer.StartAsync();
        var (template, _) = await server.RequestTemplateAsync("mine");

        (await server.GetAsync("/templates/nobody/files/h1")).Fails(404, "nobody");
        (await server.GetAsync("/templates/base/files/h1")).Fails(404, "base");
        (await server.GetAsync($"/templates/{template}/files/a.b")).Fails(400, "files hash");
    }

    private static async Task<int> PutAsync(string url, byte[] body)
    {
        using var nobody = new HttpClient();
        using var content = new ByteArrayContent(body);
        using var response = await nobody.PutAsync(new Uri(url), content, MemoryServer.Cancel);
        return (int)response.StatusCode;
    }

    /// <summary>Files without an end after them.</summary>
    private static byte[] Part(int files)
    {
        using var tar = new MemoryStream();
        using (var writer = new TarWriter(tar, TarEntryFormat.Ustar, leaveOpen: true))
            for (var i = 0; i < files; i++) writer.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, $"f{i}"));
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(tar.GetBuffer(), 0, files * 512);
        return packed.ToArray();
    }

    private static byte[] Archive(string name, byte[]? content = null)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        using (var writer = new TarWriter(gzip))
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content ?? "hello"u8.ToArray()) });
        return packed.ToArray();
    }
}
