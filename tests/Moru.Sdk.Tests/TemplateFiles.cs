using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.Versioning;
using System.Text.Json;

namespace Moru.Sdk.Tests;

/// <summary>Which files a COPY takes, how they are named, and what is sent of them.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class TemplateFiles : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("app", "app app/.env app/a.py app/deep app/deep/b.py app/deep/c.txt")]
    [InlineData("./app/", "app app/.env app/a.py app/deep app/deep/b.py app/deep/c.txt")]
    [InlineData("app/a.py", "app/a.py")]
    [InlineData("app/*.py", "app/a.py")]
    [InlineData("app/**/*.py", "app/a.py app/deep/b.py")]
    [InlineData("*/deep", "app/deep app/deep/b.py app/deep/c.txt")]
    [InlineData("app/deep/[b-c].*", "app/deep/b.py app/deep/c.txt")]
    [InlineData("**/?.txt", "app/deep/c.txt")]
    public void A_source_is_a_file_a_directory_or_a_pattern(string source, string found)
    {
        Write("app/a.py", "app/.env", "app/deep/b.py", "app/deep/c.txt", "other");

        Assert.Equal(found, Find(source));
    }

    [Theory]
    [InlineData("deep", "app app/.env app/a.py app/deep app/deep/b.py app/deep/c.txt")]
    [InlineData("app/deep", "app app/.env app/a.py")]
    [InlineData("**/*.py", "app app/.env app/deep app/deep/c.txt")]
    [InlineData("/app/deep/\n!app/deep/b.py", "app app/.env app/a.py app/deep/b.py")]
    [InlineData("# comment\n\n.env\n**/.env", "app app/a.py app/deep app/deep/b.py app/deep/c.txt")]
    public void What_dockerignore_names_is_left_out(string ignored, string found)
    {
        Write("app/a.py", "app/.env", "app/deep/b.py", "app/deep/c.txt");
        File.WriteAllText(Path.Combine(directory.Path, ".dockerignore"), ignored);

        Assert.Equal(found, Find("app"));
    }

    [Fact]
    public void Patterns_of_the_program_are_left_out_too()
    {
        Write("app/a.py", "app/b.txt");

        Assert.Equal("app app/a.py", Find("app", ["**/*.txt"]));
    }

    [Theory]
    [InlineData("../secret", "leads out of")]
    [InlineData("a/../../secret", "leads out of")]
    [InlineData("/etc/passwd", "leads out of")]
    [InlineData("nothing", "matches nothing")]
    [InlineData("*.nothing", "matches nothing")]
    public void A_source_that_leads_out_or_nowhere_is_refused(string source, string says) =>
        Assert.Contains(says, Assert.Throws<InvalidArgumentException>(() => Find(source)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_link_is_kept_or_what_it_leads_to_is_taken_in_its_place()
    {
        Write("app/a.py", "shared/lib.py");
        Link("app/file", "a.py");
        Link("app/folder", "../shared");
        Link("app/broken", "nowhere");

        Assert.Equal("app app/a.py app/broken>nowhere app/file>a.py app/folder>../shared", Find("app"));
        Assert.Equal("app app/a.py app/broken>nowhere app/file app/folder app/folder/lib.py", Find("app", follow: true));
    }

    [Fact]
    public void A_link_in_a_circle_is_refused_once_it_is_followed()
    {
        Write("app/a");
        Link("app/circle", "../app");

        Assert.Equal("app app/a app/circle>../app", Find("app"));
        Assert.Contains("circle", Assert.Throws<InvalidArgumentException>(() => Find("app", follow: true)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("app/a.py")]
    [InlineData("app/link")]
    public async Task A_file_is_named_as_the_official_client_names_it(string source)
    {
        Write("app/a.py");
        Link("app/link", "a.py");

        var official = JsonDocument.Parse(await OfficialSdk.RunAsync(
            [("MORU_API_KEY", "unused"), ("FOLDER", directory.Path), ("SOURCE", source)],
            "return await sdk.Template.toJSON(sdk.Template({ fileContextPath: process.env.FOLDER }).fromBaseImage().copy(process.env.SOURCE, '/to'), true)"));

        var step = JsonDocument.Parse(official.RootElement.GetString()!).RootElement.GetProperty("steps")[0];
        Assert.Equal(step.GetProperty("filesHash").GetString(), await HashAsync(source, "/to"));
    }

    [Fact]
    public async Task Whatever_changes_the_result_changes_the_name()
    {
        Write("app/a", "app/b");
        var names = new List<string> { await HashAsync("app", "/to"), await HashAsync("app", "/elsewhere") };
        await File.WriteAllTextAsync(Path.Combine(directory.Path, "app/a"), "changed", Cancelled);
        names.Add(await HashAsync("app", "/to"));
        File.SetUnixFileMode(Path.Combine(directory.Path, "app/a"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        names.Add(await HashAsync("app", "/to"));
        File.Move(Path.Combine(directory.Path, "app/a"), Path.Combine(directory.Path, "app/c"));
        names.Add(await HashAsync("app", "/to"));

        Assert.Equal(names.Count, names.Distinct().Count());
        Assert.Equal(names[^1], await HashAsync("app", "/to"));
    }

    [Fact]
    public async Task Files_are_packed_with_their_permissions_and_links()
    {
        Write("app/run.sh", "app/empty");
        await File.WriteAllBytesAsync(Path.Combine(directory.Path, "app/empty"), [], Cancelled);
        File.SetUnixFileMode(Path.Combine(directory.Path, "app/run.sh"), (UnixFileMode)0b111_101_000);
        Link("app/link", "run.sh");

        await using var packed = await ContextArchive.PackAsync(ContextFiles.Find(directory.Path, "app", [], followLinks: false), Cancelled);

        await using var reader = new TarReader(new GZipStream(packed, CompressionMode.Decompress));
        var entries = new List<(string Name, TarEntryType Type, string Link, string Content)>();
        while (await reader.GetNextEntryAsync(cancellationToken: Cancelled) is { } entry)
        {
            if (entry.Name == "app/run.sh") Assert.Equal((UnixFileMode)0b111_101_000, entry.Mode);
            entries.Add((entry.Name, entry.EntryType, entry.LinkName, entry.DataStream is { } data ? await new StreamReader(data).ReadToEndAsync(Cancelled) : ""));
        }

        Assert.Equal(
            [
                ("app", TarEntryType.Directory, "", ""), ("app/empty", TarEntryType.RegularFile, "", ""),
                ("app/link", TarEntryType.SymbolicLink, "run.sh", ""), ("app/run.sh", TarEntryType.RegularFile, "", "app/run.sh"),
            ],
            entries.Select(entry => (entry.Name.TrimEnd('/'), entry.Type, entry.Link, entry.Content)));
    }

    private void Write(params string[] names)
    {
        foreach (var name in names)
        {
            var path = Path.Combine(directory.Path, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, name);
        }
    }

    private void Link(string name, string target) => File.CreateSymbolicLink(Path.Combine(directory.Path, name), target);

    private string Find(string source, IEnumerable<string>? ignore = null, bool follow = false) => string.Join(' ', ContextFiles
        .Find(directory.Path, source, ignore ?? [], follow)
        .Select(file => file.LinkTarget is null ? file.Path : $"{file.Path}>{file.LinkTarget}"));

    private Task<string> HashAsync(string source, string destination) =>
        ContextArchive.HashAsync(source, destination, ContextFiles.Find(directory.Path, source, [], followLinks: false), Cancelled);
}
