using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Moru.Protocol;

namespace Moru.Envd.Tests;

public sealed class FileSpecs(LoopbackEnvd envd) : IClassFixture<LoopbackEnvd>
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(65_536)]
    [InlineData(5_000_001)]
    public async Task A_file_comes_back_as_it_was_written(int size)
    {
        var path = $"{envd.Directory}/round-trip-{size}";
        var content = new byte[size];
        new Random(size).NextBytes(content);

        var written = await WriteAsync(path, content);
        using var response = await envd.Client.OpenFileAsync(path, null, TestContext.Current.CancellationToken);

        Assert.Equal(new WrittenFile($"round-trip-{size}", path, "file"), written);
        Assert.Equal(size, response.Content.Headers.ContentLength);
        Assert.Equal(content, await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_shorter_file_replaces_a_longer_one_and_keeps_nothing_of_it()
    {
        var path = $"{envd.Directory}/replaced";
        await WriteAsync(path, "a long text"u8.ToArray());

        await WriteAsync(path, "short"u8.ToArray());

        Assert.Equal("short", await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Missing_directories_are_made_and_all_belongs_to_the_user()
    {
        var path = $"{envd.Directory}/a/b c/ü.txt";

        await envd.Client.WriteFileAsync(path, new ByteArrayContent("x"u8.ToArray()), "nobody", TestContext.Current.CancellationToken);

        var modes = await Shell.RunAsync("stat", "-c", "%U %a", $"{envd.Directory}/a", $"{envd.Directory}/a/b c", path);
        Assert.Equal("nobody 755\nnobody 755\nnobody 644", modes);
    }

    [Fact]
    public async Task A_relative_path_is_below_the_users_home()
    {
        var name = $"envd-test-{Guid.NewGuid():N}";
        try
        {
            var written = await WriteAsync($"~/{name}/x", [1]);
            using var response = await envd.Client.OpenFileAsync($"{name}/x", null, TestContext.Current.CancellationToken);

            Assert.Equal($"/root/{name}/x", written.Path);
            Assert.Equal([1], await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        }
        finally
        {
            Directory.Delete($"/root/{name}", recursive: true);
        }
    }

    [Fact]
    public async Task Without_a_path_the_file_names_of_the_parts_are_the_paths()
    {
        string[] paths = [$"{envd.Directory}/dir/one", $"{envd.Directory}/dir/zwei \"ü\""];
        using var form = new MultipartFormDataContent();
        foreach (var path in paths) form.Add(Part(path, path));
        form.Add(new StringContent("ignored"), "other");

        var (status, body) = await PostAsync("files", form);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(paths, body.EnumerateArray().Select(file => file.GetProperty("path").GetString()));
        Assert.All(paths, path => Assert.Equal(path, File.ReadAllText(path)));
    }

    [Fact]
    public async Task A_part_without_a_file_name_goes_to_the_path_of_the_query()
    {
        using var form = new MultipartFormDataContent { { new StringContent("text"), "file" } };

        var (status, _) = await PostAsync($"files?path={envd.Directory}/plus+and%20space", form);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("text", await File.ReadAllTextAsync($"{envd.Directory}/plus and space", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Two_parts_for_one_path_are_refused_and_the_first_is_kept()
    {
        var path = $"{envd.Directory}/twice";
        using var form = new MultipartFormDataContent { Part(path, "first"), Part(path, "second") };

        var (status, body) = await PostAsync("files", form);

        Assert.Equal((HttpStatusCode.BadRequest, 400), (status, body.GetProperty("code").GetInt32()));
        Assert.Equal("first", await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_full_disk_is_reported_even_to_a_client_that_still_sends()
    {
        var disk = Directory.CreateDirectory($"{envd.Directory}/disk").FullName;
        await Shell.RunAsync("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk);
        try
        {
            var error = await Assert.ThrowsAsync<ConnectException>(() => WriteAsync($"{disk}/big", new byte[30_000_000]));

            Assert.Equal((507, "not enough disk space available"), (error.HttpStatus, error.Message));
        }
        finally
        {
            await Shell.RunAsync("umount", disk);
        }
    }

    [Theory]
    [InlineData("/no/such/file", 404, "path '/no/such/file' does not exist")]
    [InlineData("/etc", 400, "path '/etc' is a directory")]
    [InlineData("/etc/passwd/x", 400, "a parent of path '/etc/passwd/x' is not a directory")]
    [InlineData("/dev/zero", 400, "path '/dev/zero' is not a regular file")]
    [InlineData("~other/x", 400, "cannot expand '~other/x'")]
    [InlineData("a%00b", 400, "NUL")]
    public async Task A_file_that_cannot_be_read_says_why(string path, int status, string message)
    {
        using var response = await envd.GetAsync($"files?path={path}");

        await AssertErrorAsync(response, status, message);
    }

    [Fact]
    public async Task A_pipe_is_refused_without_waiting_for_its_other_end()
    {
        await Shell.RunAsync("mkfifo", $"{envd.Directory}/pipe");

        using var read = await envd.GetAsync($"files?path={envd.Directory}/pipe");
        var write = await Assert.ThrowsAsync<ConnectException>(() => WriteAsync($"{envd.Directory}/pipe", [1]));

        await AssertErrorAsync(read, 400, "is not a regular file");
        Assert.Equal(400, write.HttpStatus);
    }

    [Theory]
    [InlineData("/etc", 400)]
    [InlineData("/etc/passwd/x/y", 400)]
    [InlineData("/dev/null", 400)]
    [InlineData("/proc/no-such-file", 404)]
    public async Task A_file_that_cannot_be_written_says_why(string path, int status)
    {
        var error = await Assert.ThrowsAsync<ConnectException>(() => WriteAsync(path, [1]));

        Assert.Equal(status, error.HttpStatus);
        Assert.Contains(path, error.Message);
    }

    [Fact]
    public async Task An_unknown_user_is_refused()
    {
        using var response = await envd.GetAsync("files?path=/etc/passwd&username=ghost");

        await AssertErrorAsync(response, 401, "invalid username: 'ghost'");
    }

    [Fact]
    public async Task A_file_of_proc_is_read_although_it_has_no_size()
    {
        var text = await envd.GetTextAsync("files?path=/proc/cpuinfo");

        Assert.Contains("processor", text);
    }

    [Fact]
    public async Task Head_tells_the_length_only()
    {
        var path = $"{envd.Directory}/head";
        await WriteAsync(path, new byte[100_000]);

        using var request = new HttpRequestMessage(HttpMethod.Head, new Uri(envd.Address, $"files?path={path}"));
        using var response = await envd.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(100_000, response.Content.Headers.ContentLength);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("text/plain", "hello")]
    [InlineData("multipart/form-data", "hello")]
    [InlineData("multipart/form-data; boundary=x", "no parts here")]
    [InlineData("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\ncut off")]
    public async Task A_body_that_is_not_an_upload_is_refused(string type, string body)
    {
        using var response = await envd.PostAsync($"files?path={envd.Directory}/broken", type, Encoding.UTF8.GetBytes(body));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task Large_files_pass_through_without_being_held()
    {
        const int Size = 300_000_000;
        var path = $"{envd.Directory}/large";

        await envd.Client.WriteFileAsync(path, new StreamContent(new EndlessStream(Size)), null, TestContext.Current.CancellationToken);
        using var response = await envd.Client.OpenFileAsync(path, null, TestContext.Current.CancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var received = await body.CountAsync();

        Assert.Equal(Size, received);
        Assert.InRange(envd.MemoryKiB("VmHWM"), 0, 96_000);
    }

    private Task<WrittenFile> WriteAsync(string path, byte[] content) =>
        envd.Client.WriteFileAsync(path, new ByteArrayContent(content), null, TestContext.Current.CancellationToken);

    private async Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(string path, HttpContent content)
    {
        using var response = await envd.Http.PostAsync(new Uri(envd.Address, path), content, TestContext.Current.CancellationToken);
        return (response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement);
    }

    // As official clients write it: the name in UTF-8, a quote as %22.
    private static ByteArrayContent Part(string path, string text)
    {
        var part = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
        var raw = Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(path.Replace("\"", "%22", StringComparison.Ordinal)));
        part.Headers.ContentDisposition = new ContentDispositionHeaderValue("form-data") { Name = "\"file\"" };
        part.Headers.Remove("Content-Disposition");
        part.Headers.TryAddWithoutValidation("Content-Disposition", $"form-data; name=\"file\"; filename=\"{raw}\"");
        return part;
    }

    private static async Task AssertErrorAsync(HttpResponseMessage response, int status, string message)
    {
        Assert.Equal(status, (int)response.StatusCode);
        var error = JsonSerializer.Deserialize(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), EnvdJson.Default.ApiError);
        Assert.Equal(status, error?.Code);
        Assert.Contains(message, error?.Message);
    }
}
