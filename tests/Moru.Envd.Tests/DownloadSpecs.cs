using System.Net;
using System.Text;

namespace Moru.Envd.Tests;

public sealed class DownloadSpecs(LoopbackEnvd envd) : IClassFixture<LoopbackEnvd>
{
    private const string Letters = "abcdefghijklmnopqrstuvwxyz";

    [Theory]
    [InlineData("bytes=0-4", "abcde", "bytes 0-4/26")]
    [InlineData("bytes=24-", "yz", "bytes 24-25/26")]
    [InlineData("bytes=-3", "xyz", "bytes 23-25/26")]
    [InlineData("bytes=-99", Letters, "bytes 0-25/26")]
    [InlineData("bytes=20-99", "uvwxyz", "bytes 20-25/26")]
    [InlineData("bytes=0-99999999999999999999999", Letters, "bytes 0-25/26")]
    [InlineData("Bytes= 1 - 2 , 50-60", "bc", "bytes 1-2/26")]
    public async Task A_range_is_a_part_of_the_file(string range, string part, string content)
    {
        using var response = await envd.SendAsync("GET", Write("range", Letters), ("Range", range));

        Assert.Equal(HttpStatusCode.PartialContent, response.StatusCode);
        Assert.Equal(part, await response.TextAsync());
        Assert.Equal(content, response.Content.Headers.ContentRange?.ToString());
        Assert.Equal(part.Length, response.Content.Headers.ContentLength);
    }

    [Fact]
    public async Task Several_ranges_come_as_parts_of_one_body()
    {
        using var response = await envd.SendAsync("GET", Write("ranges", Letters), ("Range", "bytes=0-1, -2"));

        var type = response.Content.Headers.ContentType!;
        var boundary = type.Parameters.Single().Value;
        string[] parts = [Part("0-1", "ab"), Part("24-25", "yz")];
        Assert.Equal((HttpStatusCode.PartialContent, "multipart/byteranges"), (response.StatusCode, type.MediaType));
        Assert.Equal(string.Concat(parts) + $"\r\n--{boundary}--\r\n", await response.TextAsync());

        string Part(string range, string text) => $"\r\n--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes {range}/26\r\n\r\n{text}";
    }

    [Theory]
    [InlineData("lines=0-4")]
    [InlineData("bytes=0-25,0-25")]
    public async Task A_range_that_makes_no_difference_brings_the_whole_file(string range)
    {
        using var response = await envd.SendAsync("GET", Write("whole", Letters), ("Range", range));

        Assert.Equal((HttpStatusCode.OK, Letters), (response.StatusCode, await response.TextAsync()));
    }

    [Theory]
    [InlineData("bytes=26-")]
    [InlineData("bytes=-0")]
    [InlineData("bytes=5-2")]
    [InlineData("bytes=a-b")]
    [InlineData("bytes=--1")]
    [InlineData("bytes=")]
    public async Task A_range_that_is_not_there_is_refused_with_the_size(string range)
    {
        using var response = await envd.SendAsync("GET", Write("beyond", Letters), ("Range", range));

        await response.AssertErrorAsync(HttpStatusCode.RequestedRangeNotSatisfiable, "26 bytes");
        Assert.Equal("bytes */26", response.Content.Headers.ContentRange?.ToString());
    }

    [Fact]
    public async Task An_empty_file_has_length_0_and_no_ranges()
    {
        using var response = await envd.SendAsync("GET", Write("empty", ""), ("Range", "bytes=0-"));

        Assert.Equal((HttpStatusCode.OK, 0L), (response.StatusCode, response.Content.Headers.ContentLength));
    }

    [Fact]
    public async Task Head_knows_no_range_and_sends_no_body()
    {
        using var response = await envd.SendAsync("HEAD", Write("head", Letters), ("Range", "bytes=0-4"));

        Assert.Equal((HttpStatusCode.OK, 26L, ""), (response.StatusCode, response.Content.Headers.ContentLength, await response.TextAsync()));
        Assert.Equal("bytes", response.Headers.AcceptRanges.Single());
    }

    [Fact]
    public async Task A_version_has_a_tag_and_the_files_own_date()
    {
        var path = Write("version", Letters);
        var date = new DateTimeOffset(2001, 2, 3, 4, 5, 6, TimeSpan.Zero);
        File.SetLastWriteTimeUtc($"{envd.Directory}/version", date.AddMilliseconds(700).UtcDateTime);

        using var before = await envd.SendAsync("GET", path);
        await File.WriteAllTextAsync($"{envd.Directory}/version", Letters.ToUpperInvariant(), TestContext.Current.CancellationToken);
        using var after = await envd.SendAsync("GET", path);

        Assert.Equal(date, before.Content.Headers.LastModified);
        Assert.False(before.Headers.ETag?.IsWeak);
        Assert.NotEqual(before.Headers.ETag, after.Headers.ETag);
        Assert.True(before.Headers.CacheControl?.NoCache);
    }

    [Theory]
    [InlineData("If-None-Match", "{tag}", 304)]
    [InlineData("If-None-Match", "W/{tag}", 304)]
    [InlineData("If-None-Match", "\"x\", {tag}", 304)]
    [InlineData("If-None-Match", "*", 304)]
    [InlineData("If-None-Match", "\"x\"", 200)]
    [InlineData("If-Modified-Since", "{date}", 304)]
    [InlineData("If-Modified-Since", "Sat, 01 Jan 2000 00:00:00 GMT", 200)]
    [InlineData("If-Modified-Since", "yesterday", 200)]
    [InlineData("If-Match", "{tag}", 200)]
    [InlineData("If-Match", "*", 200)]
    [InlineData("If-Match", "W/{tag}", 412)]
    [InlineData("If-Match", "\"x\"", 412)]
    [InlineData("If-Unmodified-Since", "{date}", 200)]
    [InlineData("If-Unmodified-Since", "Sat, 01 Jan 2000 00:00:00 GMT", 412)]
    public async Task A_condition_is_compared_with_the_version(string name, string value, int status)
    {
        var path = Write("condition", Letters);
        using var first = await envd.SendAsync("GET", path);

        using var response = await envd.SendAsync("GET", path, (name, Fill(value, first)));

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(first.Headers.ETag, response.Headers.ETag);
        if (status == 412) await response.AssertErrorAsync(HttpStatusCode.PreconditionFailed, "not the version");
        else Assert.Equal(status == 304 ? "" : Letters, await response.TextAsync());
    }

    [Fact]
    public async Task A_tag_outweighs_a_date()
    {
        var path = Write("both", Letters);
        using var first = await envd.SendAsync("GET", path);

        using var changed = await envd.SendAsync("GET", path, ("If-None-Match", "\"x\""), ("If-Modified-Since", Fill("{date}", first)));
        using var same = await envd.SendAsync("GET", path, ("If-Match", Fill("{tag}", first)), ("If-Unmodified-Since", "Sat, 01 Jan 2000 00:00:00 GMT"));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (changed.StatusCode, same.StatusCode));
    }

    [Theory]
    [InlineData("{tag}", 206)]
    [InlineData("{date}", 206)]
    [InlineData("W/{tag}", 200)]
    [InlineData("\"x\"", 200)]
    [InlineData("Sat, 01 Jan 2000 00:00:00 GMT", 200)]
    public async Task A_range_is_cut_from_the_version_the_client_has(string version, int status)
    {
        var path = Write("if-range", Letters);
        using var first = await envd.SendAsync("GET", path);

        using var response = await envd.SendAsync("GET", path, ("Range", "bytes=0-0"), ("If-Range", Fill(version, first)));

        Assert.Equal((status, status == 206 ? "a" : Letters), ((int)response.StatusCode, await response.TextAsync()));
    }

    [Theory]
    [InlineData("page.HTML", "x", "text/html; charset=utf-8")]
    [InlineData("data.json", "x", "application/json")]
    [InlineData("plot.svg", "x", "image/svg+xml")]
    [InlineData("plain", "just words ü\n", "text/plain; charset=utf-8")]
    [InlineData("script.unknown", "#!/bin/sh\n", "text/plain; charset=utf-8")]
    [InlineData("markup", "\n <!DOCTYPE html><p>", "text/html; charset=utf-8")]
    [InlineData("picture", "\u0089PNG\r\n\u001a\n...", "image/png")]
    [InlineData("photo", "\u00ff\u00d8\u00ff\u00e0", "image/jpeg")]
    [InlineData("web", "RIFF....WEBPVP8 ", "image/webp")]
    [InlineData("packed", "\u001f\u008b\u0008\u0000", "application/x-gzip")]
    [InlineData("archive", "PK\u0003\u0004", "application/zip")]
    [InlineData("paper", "%PDF-1.7", "application/pdf")]
    [InlineData("bytes", "\u0000\u0001\u0002", "application/octet-stream")]
    public async Task A_file_has_the_type_of_its_name_or_its_first_bytes(string name, string latin1, string type)
    {
        await File.WriteAllBytesAsync($"{envd.Directory}/{name}", name == "plain" ? Encoding.UTF8.GetBytes(latin1) : Encoding.Latin1.GetBytes(latin1), TestContext.Current.CancellationToken);

        using var response = await envd.SendAsync("GET", $"files?path={envd.Directory}/{name}");

        Assert.Equal(type, response.Content.Headers.ContentType?.ToString());
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
    }

    [Theory]
    [InlineData("/proc/cpuinfo", "processor")]
    [InlineData("/sys/class/net/lo/address", "00:00:00:00:00:00\n")]
    public async Task A_file_that_the_kernel_makes_up_has_no_version_and_no_ranges(string path, string content)
    {
        using var response = await envd.SendAsync("GET", $"files?path={path}", ("Range", "bytes=0-1"), ("If-None-Match", "*"));

        Assert.Equal((HttpStatusCode.OK, true), (response.StatusCode, response.Headers.TransferEncodingChunked));
        Assert.StartsWith(content, await response.TextAsync());
        Assert.Null(response.Headers.ETag);
    }

    [Fact]
    public async Task Upstream_query_spellings_name_the_same_file()
    {
        Write("a b", Letters);

        Assert.Equal(Letters, await envd.GetTextAsync($"files?path={envd.Directory}/a+b"));
        Assert.Equal(Letters, await envd.GetTextAsync($"files?path={envd.Directory}/a%20b"));
    }

    private string Write(string name, string text)
    {
        File.WriteAllText($"{envd.Directory}/{name}", text);
        return $"files?path={envd.Directory}/{Uri.EscapeDataString(name)}";
    }

    private static string Fill(string value, HttpResponseMessage first) =>
        value.Replace("{tag}", first.Headers.ETag!.Tag).Replace("{date}", first.Content.Headers.LastModified!.Value.ToString("R"));
}
