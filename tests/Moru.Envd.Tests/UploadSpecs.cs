using System.Net;
using System.Text;
using System.Text.Json;

namespace Moru.Envd.Tests;

/// <summary>Uploads as clients write them, byte by byte.</summary>
public sealed class UploadSpecs(LoopbackEnvd envd) : IClassFixture<LoopbackEnvd>
{
    private const string Boundary = "----limit";

    [Fact]
    public async Task The_answer_is_a_list_of_what_was_written()
    {
        using var response = await PostAsync(Query("answer"), Part("name=\"file\"", "text"));

        Assert.Equal("application/json", response.Content.Headers.ContentType?.ToString());
        Assert.Equal($$"""[{"name":"answer","path":"{{envd.Directory}}/answer","type":"file"}]""", await response.TextAsync());
    }

    [Theory]
    [InlineData("name=\"file\"")]
    [InlineData("name=file")]
    [InlineData("name=\"file\"; filename=\"undefined\"")]
    [InlineData("name=\"file\"; filename=\"/somewhere/else\"")]
    public async Task The_path_of_the_query_wins(string disposition)
    {
        using var response = await PostAsync(Query("wins"), Part(disposition, disposition));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(disposition, await ReadAsync("wins"));
    }

    [Theory]
    [InlineData("a/b/plain.txt", "a/b/plain.txt")]
    [InlineData("q%22uote", "q\"uote")]
    [InlineData("line%0Abreak", "line\nbreak")]
    [InlineData("back\\\\slash", "back\\slash")]
    [InlineData("single\\slash", "single\\slash")]
    [InlineData("escaped\\\"quote", "escaped\"quote")]
    [InlineData("naïve 漢字 🙂; x=y", "naïve 漢字 🙂; x=y")]
    [InlineData("percent%41", "percent%41")]
    public async Task A_file_name_is_a_whole_path(string written, string meant)
    {
        using var response = await PostAsync("files", Part($"name=\"file\"; filename=\"{envd.Directory}/{written}\"", "text"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text", await ReadAsync(meant));
    }

    [Fact]
    public async Task Parts_of_another_name_are_ignored()
    {
        using var response = await PostAsync(Query("ignored"), Part("name=\"note\"", "no"), Part("name=\"file\"", "yes"), "Content-Type: text/plain\r\n\r\nno\r\n");

        Assert.Equal(1, JsonDocument.Parse(await response.TextAsync()).RootElement.GetArrayLength());
        Assert.Equal("yes", await ReadAsync("ignored"));
    }

    [Fact]
    public async Task Several_files_are_written_in_their_order()
    {
        using var response = await PostAsync("files", NamedPart("one", "1"), NamedPart("two", "2"));

        Assert.Equal(["one", "two"], JsonDocument.Parse(await response.TextAsync()).RootElement.EnumerateArray().Select(file => file.GetProperty("name").GetString()));
    }

    [Theory]
    [InlineData("twice", "twice")]
    [InlineData("~/envd-test-twice", "envd-test-twice")]
    public async Task A_second_part_for_one_path_is_refused_and_the_first_is_kept(string first, string second)
    {
        var isHome = first.StartsWith('~');
        using var response = await PostAsync("files", isHome ? HomePart(first, "1") : NamedPart(first, "1"), isHome ? HomePart(second, "2") : NamedPart(second, "2"));

        await response.AssertErrorAsync(HttpStatusCode.BadRequest, "two parts go to the same path");
        var path = isHome ? "/root/envd-test-twice" : $"{envd.Directory}/twice";
        Assert.Equal("1", await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
        File.Delete(path);

        static string HomePart(string name, string text) => Part($"name=\"file\"; filename=\"{name}\"", text);
    }

    [Fact]
    public async Task Two_parts_for_the_path_of_the_query_are_refused()
    {
        using var response = await PostAsync(Query("query-twice"), NamedPart("x", "1"), NamedPart("y", "2"));

        await response.AssertErrorAsync(HttpStatusCode.BadRequest, "two parts go to the same path");
        Assert.Equal("1", await ReadAsync("query-twice"));
    }

    [Fact]
    public async Task A_directory_is_not_replaced()
    {
        using var response = await PostAsync($"files?path={envd.Directory}", Part("name=\"file\"", "x"));

        await response.AssertErrorAsync(HttpStatusCode.BadRequest, "is a directory");
    }

    [Theory]
    [InlineData("name=\"file\"", "names no path")]
    [InlineData("name=\"file\"; filename=\"\"", "names no path")]
    [InlineData("name=\"note\"; filename=\"x\"", "no part named 'file'")]
    [InlineData("name=\"file\"; filename=\"~other/x\"", "cannot expand '~other/x'")]
    public async Task An_upload_that_says_too_little_is_refused(string disposition, string message)
    {
        using var response = await PostAsync("files", Part(disposition, "x"));

        await response.AssertErrorAsync(HttpStatusCode.BadRequest, message);
    }

    [Fact]
    public async Task An_upload_by_an_unknown_user_is_refused()
    {
        using var response = await PostAsync(Query("ghost") + "&username=ghost", Part("name=\"file\"", "x"));

        await response.AssertErrorAsync(HttpStatusCode.Unauthorized, "invalid username: 'ghost'");
        Assert.False(File.Exists($"{envd.Directory}/ghost"));
    }

    [Theory]
    [InlineData("application/octet-stream")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data")]
    [InlineData("multipart/form-data; boundary=\"\"")]
    [InlineData("multipart/form-data; boundary=another")]
    [InlineData("multipart/mixed; boundary=----limit")]
    public async Task A_body_of_another_kind_is_refused(string type)
    {
        using var response = await envd.PostAsync(Query("kind"), type, Body(Part("name=\"file\"", "x")));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.False(File.Exists($"{envd.Directory}/kind"));
    }

    [Theory]
    [InlineData("multipart/form-data; boundary=\"----limit\"")]
    [InlineData("Multipart/Form-Data; charset=utf-8; boundary=----limit")]
    public async Task A_boundary_may_be_written_in_every_way(string type)
    {
        using var response = await envd.PostAsync(Query("boundary"), type, Body(Part("name=\"file\"", "x")));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Content_that_looks_like_a_boundary_is_content()
    {
        var content = $"\r\n--\r\n----limi\r\n-{Boundary}\r\n----{Boundary}\r\n--" + new string('-', 70_000);

        using var response = await PostAsync(Query("looks"), Part("name=\"file\"", content));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(content, await ReadAsync("looks"));
    }

    [Fact]
    public async Task Endless_part_headers_are_refused()
    {
        using var response = await PostAsync(Query("headers"), $"X-Padding: {new string('x', 1 << 20)}\r\n" + Part("name=\"file\"", "x"));

        await response.AssertErrorAsync(HttpStatusCode.BadRequest, "malformed multipart body");
    }

    [Fact]
    public async Task A_body_that_breaks_off_is_refused()
    {
        var whole = Body(Part("name=\"file\"", "x"));

        using var response = await envd.PostAsync(Query("broken"), $"multipart/form-data; boundary={Boundary}", whole[..^10]);

        await response.AssertErrorAsync(HttpStatusCode.BadRequest, "malformed multipart body");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(60_000)]
    public async Task A_small_upload_is_three_events(int size)
    {
        using var watch = new Inotify(envd.Directory);

        using var response = await PostAsync(Query($"new-{size}"), Part("name=\"file\"", new string('x', size)));

        Assert.Equal(["CREATE", "CHMOD", "WRITE"], watch.Take());
    }

    [Theory]
    [InlineData("long enough")]
    [InlineData("x")]
    public async Task An_overwrite_is_two_events(string before)
    {
        await File.WriteAllTextAsync($"{envd.Directory}/over", before, TestContext.Current.CancellationToken);
        using var watch = new Inotify(envd.Directory);

        using var response = await PostAsync(Query("over"), Part("name=\"file\"", "exactly one"));

        Assert.Equal(["CHMOD", "WRITE"], watch.Take());
        Assert.Equal("exactly one", await ReadAsync("over"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(70_000)]
    [InlineData(200_000)]
    public async Task Nothing_of_a_longer_file_is_left(int size)
    {
        await File.WriteAllTextAsync($"{envd.Directory}/longer", new string('o', 200_000), TestContext.Current.CancellationToken);

        using var response = await PostAsync(Query("longer"), Part("name=\"file\"", new string('n', size)));

        Assert.Equal(new string('n', size), await ReadAsync("longer"));
    }

    private static string Part(string disposition, string text) => $"Content-Disposition: form-data; {disposition}\r\n\r\n{text}\r\n";

    private string NamedPart(string name, string text) => Part($"name=\"file\"; filename=\"{envd.Directory}/{name}\"", text);

    private string Query(string name) => $"files?path={envd.Directory}/{name}";

    private static byte[] Body(params string[] parts) => Encoding.UTF8.GetBytes(string.Concat(parts.Select(part => $"--{Boundary}\r\n{part}")) + $"--{Boundary}--\r\n");

    private Task<HttpResponseMessage> PostAsync(string path, params string[] parts) =>
        envd.PostAsync(path, $"multipart/form-data; boundary={Boundary}", Body(parts));

    private Task<string> ReadAsync(string name) => File.ReadAllTextAsync($"{envd.Directory}/{name}", TestContext.Current.CancellationToken);
}
