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
    public async Task Uploads_of_a_team_wait_for_their_turn_and_too_many_are_refused()
    {
        await using var server = await MemoryServer.StartAsync();
        var (template, _) = await server.RequestTemplateAsync("mine");
        var url = (await server.GetAsync($"/templates/{template}/files/h1"))["url"]!;
        var end = new TaskCompletionSource();
        // Of a body of a kilobyte the client would not hear the refusal before it is sent.
        var archive = Archive("a.txt", Random.Shared.GetItems("0123456789abcdef"u8.ToArray(), 10_000));
        var uploads = Enumerable.Range(0, 101).Select(_ => PutAsync(url, new HeldContent(archive, end.Task))).ToList();

        var refused = await Task.WhenAny(uploads);
        uploads.Remove(refused);
        Assert.Equal(429, await refused);
        await Eventually.TrueAsync(() => Unfinished() == 4);

        end.SetResult();
        Assert.All(await Task.WhenAll(uploads), status => Assert.Equal(200, status));
        Assert.Equal(0, Unfinished());

        int Unfinished() => Directory.GetFiles(Path.Combine(server.DataDirectory, "template-files"), "*.new").Length;
    }

    [Fact]
    public async Task An_upload_that_takes_longer_than_its_url_lasts_is_ended()
    {
        await using var server = await MemoryServer.StartAsync();
        var (template, _) = await server.RequestTemplateAsync("mine");
        var url = (await server.GetAsync($"/templates/{template}/files/h1"))["url"]!;
        var end = new TaskCompletionSource();
        var upload = PutAsync(url, new HeldContent(Archive("a.txt"), end.Task));
        await Eventually.TrueAsync(() => Directory.GetFiles(Path.Combine(server.DataDirectory, "template-files"), "*.new").Length == 1);

        server.Clock.Advance(TimeSpan.FromMinutes(61));
        await Eventually.TrueAsync(() => Directory.GetFiles(Path.Combine(server.DataDirectory, "template-files"), "*.new").Length == 0);

        end.SetResult();
        Assert.Equal(400, await upload);
    }

    [Fact]
    public async Task A_disk_without_room_is_no_fault_of_the_server()
    {
        await using var server = await MemoryServer.StartAsync();
        var (template, _) = await server.RequestTemplateAsync("mine");
        var link = await server.GetAsync($"/templates/{template}/files/h1");
        var files = Path.Combine(server.DataDirectory, "template-files");
        await Shell.RunAsync("mount", "-t", "tmpfs", "-o", "size=64k", "none", files);
        try
        {
            Assert.Equal(507, await PutAsync(link["url"]!, Archive("large", new byte[1 << 20])));
            Assert.Empty(Directory.GetFiles(files));
        }
        finally
        {
            await Shell.RunAsync("umount", files);
        }
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

    private static Task<int> PutAsync(string url, byte[] body) => PutAsync(url, new ByteArrayContent(body));

    /// <summary>Waits for the server to want the body, so that a refusal is heard before.</summary>
    private static async Task<int> PutAsync(string url, HttpContent content)
    {
        using var nobody = new HttpClient(new SocketsHttpHandler { Expect100ContinueTimeout = Eventually.Limit });
        using var request = new HttpRequestMessage(HttpMethod.Put, url) { Content = content, Headers = { ExpectContinue = true } };
        using var response = await nobody.SendAsync(request, MemoryServer.Cancel);
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

    /// <summary>A body whose second half comes when something has ended.</summary>
    private sealed class HeldContent(byte[] body, Task end) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            await stream.WriteAsync(body.AsMemory(0, body.Length / 2));
            await stream.FlushAsync();
            await end;
            await stream.WriteAsync(body.AsMemory(body.Length / 2));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = body.Length;
            return true;
        }
    }
}
