using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;

namespace Moru.Server.Tests;

/// <summary>The files of a volume over HTTP. The host's own view of the volume stands in for what a sandbox does in it.</summary>
public sealed class VolumeFileSpecs : IAsyncLifetime
{
    private MemoryServer server = null!;
    private string id = "";
    private string root = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        server = await VolumeSpecs.StartAsync(options => options with { VolumeBytes = 64 << 20 });
        id = await VolumeSpecs.MakeAsync(server, "data");
        var sandbox = await server.CreateAsync($"\"volumeId\":\"{id}\",\"volumeMountPath\":\"/data\"");
        root = Assert.Single(server.Engine.Specs).Volume!.HostPath;
        await server.DeleteAsync($"/sandboxes/{sandbox}");
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task What_is_uploaded_is_downloaded()
    {
        var content = RandomNumberGenerator.GetBytes(3_000_000);

        var uploaded = await UploadAsync("/a/b/c.bin", content);
        using var got = await server.Http.GetAsync(Download("/a/b/c.bin"), Cancel);

        Assert.Equal((201, """{"path":"/a/b/c.bin","size":3000000}"""), (uploaded.Status, uploaded.Text));
        Assert.Equal(content, await got.Content.ReadAsByteArrayAsync(Cancel));
        Assert.Equal(("application/octet-stream", 3_000_000), (got.Content.Headers.ContentType!.ToString(), got.Content.Headers.ContentLength));
        Assert.Equal("attachment; filename=c.bin; filename*=UTF-8''c.bin", Assert.Single(got.Content.Headers.NonValidated["Content-Disposition"]));
    }

    [Fact]
    public async Task An_upload_of_unknown_length_and_an_empty_one_are_fine()
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, Upload("/chunked")) { Content = new StreamContent(new MemoryStream(new byte[100_000])) };
        request.Headers.TransferEncodingChunked = true;

        Assert.Equal("""{"path":"/chunked","size":100000}""", (await server.SendAsync(request)).Text);
        Assert.Equal("""{"path":"/empty","size":0}""", (await UploadAsync("/empty", [])).Text);
        Assert.Equal(0, new FileInfo(Path.Combine(root, "empty")).Length);
    }

    [Theory]
    [InlineData("//a///b", "/a/b")]
    [InlineData("/./a/./b", "/a/b")]
    [InlineData("/x/../a/b/", "/a/b")]
    [InlineData("/../../../../a/b", "/a/b")]
    [InlineData("/a/%2e%2e/b", "/a/%2e%2e/b")]
    public async Task A_path_is_cleaned_and_stays_below_the_root(string path, string cleaned)
    {
        Assert.Equal(cleaned, (await UploadAsync(path, [1]))["path"]);

        Assert.True(File.Exists(root + cleaned));
    }

    [Theory]
    [InlineData("a/b", "absolute")]
    [InlineData("/a\0b", "zero byte")]
    [InlineData("", "path is missing")]
    public async Task A_path_that_is_no_path_is_refused(string path, string says)
    {
        (await UploadAsync(path, [1])).Fails(400, says);
        (await server.GetAsync(Download(path))).Fails(400, says);
        (await server.DeleteAsync(Delete(path))).Fails(400, says);
        if (path != "") (await server.GetAsync(List(path))).Fails(400, says);
    }

    [Fact]
    public async Task Names_and_paths_that_are_too_long_are_refused()
    {
        (await UploadAsync("/" + new string('a', 256), [1])).Fails(400, "255 bytes");
        (await UploadAsync("/" + new string('ä', 128), [1])).Fails(400, "255 bytes");
        (await UploadAsync(string.Concat(Enumerable.Repeat("/abcdefg", 600)), [1])).Fails(400, "4096 bytes");
        Assert.Equal(201, (await UploadAsync("/" + new string('a', 255), [1])).Status);
    }

    [Fact]
    public async Task An_upload_replaces_a_file_but_no_directory()
    {
        await UploadAsync("/a/file", [1, 2, 3]);

        Assert.Equal(201, (await UploadAsync("/a/file", [4])).Status);
        Assert.Equal([4], await File.ReadAllBytesAsync(root + "/a/file", Cancel));
        (await UploadAsync("/a", [5])).Fails(400, "is a directory");
        (await UploadAsync("/", [5])).Fails(400, "is a directory");
        (await UploadAsync("/a/file/below", [5])).Fails(400, "'/a/file' is no directory");
    }

    [Fact]
    public async Task An_upload_that_breaks_off_leaves_the_old_file_and_nothing_else()
    {
        await UploadAsync("/file", [1]);
        using var give = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Put, Upload("/file")) { Content = new StreamContent(new Stalling(give)) };
        request.Headers.TransferEncodingChunked = true;

        await Assert.ThrowsAnyAsync<Exception>(() => server.Http.SendAsync(request, give.Token));

        var uploads = Path.Combine(Path.GetDirectoryName(root)!, "uploads");
        await Eventually.TrueAsync(() => Directory.GetFileSystemEntries(uploads).Length == 0);
        Assert.Equal([1], await File.ReadAllBytesAsync(root + "/file", Cancel));
        Assert.Equal([root + "/file"], Directory.GetFileSystemEntries(root));
    }

    [Fact]
    public async Task A_directory_is_listed_one_level_deep_by_the_bytes_of_its_names()
    {
        foreach (var name in new[] { "b", "B", "ä", "a", "a.txt", "10", "9" }) await UploadAsync($"/d/{name}", new byte[name.Length]);
        await UploadAsync("/d/sub/deep", [1]);

        var list = await server.GetAsync(List("/d"));

        var files = list.Json.GetProperty("files").EnumerateArray().ToList();
        Assert.Equal(["10", "9", "B", "a", "a.txt", "b", "sub", "ä"], files.Select(file => file.GetProperty("name").GetString()));
        Assert.Equal(("/d/a.txt", "file", 5), (Text(files[4], "path"), Text(files[4], "type"), files[4].GetProperty("size").GetInt64()));
        Assert.InRange(files[4].GetProperty("modifiedAt").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddMinutes(1));
        Assert.Equal("directory", Text(files[6], "type"));
        Assert.False(files[6].TryGetProperty("size", out _));
        Assert.False(list.Json.TryGetProperty("nextToken", out _));
    }

    [Fact]
    public async Task A_new_volume_lists_nothing_and_a_missing_path_is_not_found()
    {
        Assert.Equal("""{"files":[]}""", (await server.GetAsync($"/volumes/{id}/files")).Text);
        await UploadAsync("/file", [1]);
        (await server.GetAsync(List("/nothing"))).Fails(404, "'/nothing' does not exist");
        (await server.GetAsync(List("/file"))).Fails(400, "no directory");
        (await server.GetAsync(Download("/nothing"))).Fails(404, "does not exist");
        (await server.GetAsync(Download("/no/thing"))).Fails(404, "'/no/thing' does not exist");
        await UploadAsync("/deep/down/file", [1]);
        (await server.GetAsync(Download("/deep/down"))).Fails(400, "'/deep/down' is a directory");
        (await server.GetAsync(Download("/deep/down/none"))).Fails(404, "'/deep/down/none' does not exist");
        (await server.GetAsync(Download("/"))).Fails(400, "is a directory");
    }

    [Fact]
    public async Task Ten_thousand_files_list_in_pages_fast_whatever_changes_meanwhile()
    {
        for (var i = 0; i < 10_000; i++) await File.WriteAllBytesAsync($"{root}/f{i:00000}", [], Cancel);
        await server.GetAsync(List("/"));
        var began = Stopwatch.GetTimestamp();

        var (seen, token) = (new List<string>(), (string?)"");
        while (token is not null)
        {
            var page = await server.GetAsync(List("/") + $"&limit=1000&nextToken={Uri.EscapeDataString(token)}");
            seen.AddRange(page.Json.GetProperty("files").EnumerateArray().Select(file => Text(file, "name")));
            File.Delete($"{root}/{seen[^1]}");
            token = page.Json.TryGetProperty("nextToken", out var next) ? next.GetString() : null;
        }

        Assert.Equal(Enumerable.Range(0, 10_000).Select(i => $"f{i:00000}"), seen);
        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.Equal(100, (await server.GetAsync(List("/"))).Json.GetProperty("files").GetArrayLength());
        foreach (var limit in new[] { "0", "1001", "-1", "x" }) (await server.GetAsync(List("/") + "&limit=" + limit)).Fails(400, "limit");
        (await server.GetAsync(List("/") + "&nextToken=%21")).Fails(400, "Invalid next token");
    }

    [Fact]
    public async Task Deleting_needs_recursive_for_what_is_in_a_directory_and_no_file_at_all()
    {
        await UploadAsync("/d/e/file", [1]);
        Directory.CreateDirectory(root + "/empty");

        (await server.DeleteAsync(Delete("/d"))).Fails(409, "recursive=true");
        (await server.DeleteAsync(Delete("/d") + "&recursive=false")).Fails(409, "not empty");
        (await server.DeleteAsync(Delete("/d") + "&recursive=maybe")).Fails(400, "recursive");
        Assert.True(File.Exists(root + "/d/e/file"));
        foreach (var path in new[] { "/nothing", "/no/thing", "/empty", "/d/e/file", "/d/e/file" }) Assert.Equal(204, (await server.DeleteAsync(Delete(path))).Status);
        Assert.Equal(204, (await server.DeleteAsync(Delete("/d") + "&recursive=true")).Status);
        Assert.Empty(Directory.GetFileSystemEntries(root));
        (await server.DeleteAsync(Delete("/") + "&recursive=true")).Fails(400, "'/' cannot be deleted");
    }

    [Theory]
    [InlineData("bytes=2-4", 206, "234", "bytes 2-4/10")]
    [InlineData("bytes=7-", 206, "789", "bytes 7-9/10")]
    [InlineData("bytes=-2", 206, "89", "bytes 8-9/10")]
    [InlineData("bytes=5-100", 206, "56789", "bytes 5-9/10")]
    [InlineData("bytes=0-1,4-5", 200, "0123456789", null)]
    [InlineData("lines=1-2", 200, "0123456789", null)]
    public async Task A_part_of_a_file_can_be_downloaded(string range, int status, string content, string? contentRange)
    {
        await UploadAsync("/digits", "0123456789"u8.ToArray());
        using var request = new HttpRequestMessage(HttpMethod.Get, Download("/digits"));
        request.Headers.TryAddWithoutValidation("Range", range);

        using var got = await server.Http.SendAsync(request, Cancel);

        Assert.Equal((status, content, contentRange), ((int)got.StatusCode, await got.Content.ReadAsStringAsync(Cancel), got.Content.Headers.ContentRange?.ToString()));
    }

    [Fact]
    public async Task A_part_behind_the_end_is_416()
    {
        await UploadAsync("/digits", "0123456789"u8.ToArray());
        using var request = new HttpRequestMessage(HttpMethod.Get, Download("/digits")) { Headers = { Range = new RangeHeaderValue(10, 12) } };

        (await server.SendAsync(request)).Fails(416, "10 bytes");
    }

    [Theory]
    [InlineData("a\"; filename=\"evil.html")]
    [InlineData("line\r\nSet-Cookie: a=b")]
    [InlineData("naïve – ☃.txt")]
    [InlineData("back\\slash;=")]
    public async Task An_odd_name_survives_and_adds_no_header(string name)
    {
        Assert.Equal("/" + name, (await UploadAsync("/" + name, [7]))["path"]);
        var listed = (await server.GetAsync(List("/"))).Json.GetProperty("files")[0];
        using var got = await server.Http.GetAsync(Download("/" + name), Cancel);

        Assert.Equal(name, Text(listed, "name"));
        Assert.Equal([7], await got.Content.ReadAsByteArrayAsync(Cancel));
        Assert.False(got.Headers.Contains("Set-Cookie"));
        Assert.Equal(name, got.Content.Headers.ContentDisposition!.FileNameStar);
        Assert.Equal("attachment", got.Content.Headers.ContentDisposition!.DispositionType);
    }

    [Fact]
    public async Task File_endpoints_know_a_volume_by_its_id_alone()
    {
        foreach (var volume in new[] { "data", "vol_nothing", "nothing" })
        {
            (await server.GetAsync($"/volumes/{volume}/files")).Fails(404, $"Volume not found: '{volume}'");
            (await server.GetAsync($"/volumes/{volume}/files/download?path=/x")).Fails(404, $"Volume not found: '{volume}'");
            (await server.DeleteAsync($"/volumes/{volume}/files?path=/x")).Fails(404, $"Volume not found: '{volume}'");
            (await server.SendAsync(HttpMethod.Put, $"/volumes/{volume}/files/upload?path=/x", "{}")).Fails(404, $"Volume not found: '{volume}'");
        }
    }

    [Fact]
    public async Task While_a_sandbox_runs_with_the_volume_it_is_read_and_not_changed_and_a_paused_one_is_no_obstacle()
    {
        await UploadAsync("/file", [1]);
        var sandbox = await server.CreateAsync($"\"timeout\":300,\"volumeId\":\"{id}\",\"volumeMountPath\":\"/data\"");

        (await UploadAsync("/file", [2])).Fails(409, $"Cannot modify volume while attached to sandbox '{sandbox}'; pause or kill it first");
        (await server.DeleteAsync(Delete("/file"))).Fails(409, "Cannot modify volume while attached to sandbox");
        Assert.Equal(1, (await server.GetAsync(List("/"))).Json.GetProperty("files").GetArrayLength());
        Assert.Equal(200, (await server.GetAsync(Download("/file"))).Status);
        Assert.Equal(204, (await server.PostAsync($"/sandboxes/{sandbox}/pause")).Status);
        Assert.Equal(201, (await UploadAsync("/file", [2])).Status);
        Assert.Equal(204, (await server.DeleteAsync(Delete("/file"))).Status);
    }

    [Fact]
    public async Task Sizes_and_counts_follow_what_changes()
    {
        await UploadAsync("/a", new byte[1000]);
        await UploadAsync("/d/b", new byte[234]);
        await CountsAsync(1234, 2);

        await server.DeleteAsync(Delete("/d") + "&recursive=true");

        await CountsAsync(1000, 1);
    }

    [Fact]
    public async Task A_directory_that_is_only_watched_takes_no_more_than_its_size_either()
    {
        await UploadAsync("/half", new byte[40 << 20]);
        await CountsAsync(40 << 20, 1);

        (await UploadAsync("/rest", new byte[30 << 20])).Fails(507, "The volume is full");

        Assert.Equal([root + "/half"], Directory.GetFileSystemEntries(root));
        Assert.Equal(201, (await UploadAsync("/less", new byte[20 << 20])).Status);
    }

    private async Task CountsAsync(long bytes, long files) => await Eventually.TrueAsync(async () =>
    {
        server.Clock.Advance(TimeSpan.FromSeconds(1));
        var volume = (await server.GetAsync($"/volumes/{id}")).Json;
        return (volume.GetProperty("totalSizeBytes").GetInt64(), volume.GetProperty("totalFileCount").GetInt64()) == (bytes, files);
    });

    private async Task<Answer> UploadAsync(string path, byte[] content)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, Upload(path)) { Content = new ByteArrayContent(content) };
        return await server.SendAsync(request);
    }

    private string Upload(string path) => $"/volumes/{id}/files/upload?path={Uri.EscapeDataString(path)}";

    private string Download(string path) => $"/volumes/{id}/files/download?path={Uri.EscapeDataString(path)}";

    private string Delete(string path) => $"/volumes/{id}/files?path={Uri.EscapeDataString(path)}";

    private string List(string path) => $"/volumes/{id}/files?path={Uri.EscapeDataString(path)}";

    private static string Text(JsonElement element, string member) => element.GetProperty(member).GetString()!;

    /// <summary>Gives a little and then breaks off.</summary>
    private sealed class Stalling(CancellationTokenSource give) : MemoryStream(new byte[100_000])
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Position == Length) await give.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
            return await base.ReadAsync(buffer, cancellationToken);
        }
    }
}
