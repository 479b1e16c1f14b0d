using System.Net;
using Moru.Protocol;

namespace Moru.Envd.Tests;

public sealed class ListDirSpecs(LoopbackEnvd envd) : IClassFixture<LoopbackEnvd>
{
    [Fact]
    public async Task Entries_come_in_lexical_order_a_directory_before_its_content()
    {
        var root = await TreeAsync("order", "mkdir -p b/inner a; touch b/x b/inner/y a/z .hidden B");

        Assert.Equal([".hidden", "B", "a", "b"], Names(await ListAsync(root, 1), root));
        Assert.Equal([".hidden", "B", "a", "b"], Names(await ListAsync(root, 0), root));
        Assert.Equal([".hidden", "B", "a", "a/z", "b", "b/inner", "b/x"], Names(await ListAsync(root, 2), root));
        Assert.Equal([".hidden", "B", "a", "a/z", "b", "b/inner", "b/inner/y", "b/x"], Names(await ListAsync(root, 9), root));
    }

    [Fact]
    public async Task An_entry_tells_what_it_is()
    {
        var root = await TreeAsync("facts", "printf hello > file; chmod 640 file; chown nobody:54321 file; mkdir -m 1777 dir; touch -d 2001-02-03T04:05:06Z file");

        var entries = await ListAsync(root, 1);

        var file = entries.Single(entry => entry.Name == "file");
        Assert.Equal((FileType.File, 5L, Convert.ToUInt32("640", 8), "-rw-r-----"), (file.Type, file.Size, file.Mode, file.Permissions));
        Assert.Equal(("nobody", "54321"), (file.Owner, file.Group));
        Assert.Equal(new DateTimeOffset(2001, 2, 3, 4, 5, 6, TimeSpan.Zero), file.ModifiedTime);
        var directory = entries.Single(entry => entry.Name == "dir");
        Assert.Equal((FileType.Directory, "dtrwxrwxrwx", "root"), (directory.Type, directory.Permissions, directory.Owner));
    }

    [Theory]
    [InlineData("mkfifo x", "prw-r--r--", FileType.Unspecified)]
    [InlineData("mknod x c 1 3", "Dcrw-r--r--", FileType.Unspecified)]
    [InlineData("mknod x b 1 3", "Drw-r--r--", FileType.Unspecified)]
    [InlineData("touch x; chmod 6755 x", "ugrwxr-xr-x", FileType.File)]
    [InlineData("ln -s /etc/passwd x", "Lrwxrwxrwx", FileType.File)]
    [InlineData("ln -s /nowhere x", "Lrwxrwxrwx", FileType.Unspecified)]
    public async Task Permissions_are_in_the_words_of_Go(string make, string permissions, FileType type)
    {
        var root = await TreeAsync("kind-" + Guid.NewGuid().ToString("N"), make);

        var entry = Assert.Single(await ListAsync(root, 1));

        Assert.Equal((permissions, type), (entry.Permissions, entry.Type));
    }

    [Fact]
    public async Task A_link_has_the_type_of_its_target_and_is_not_entered()
    {
        var root = await TreeAsync("links", "mkdir real; touch real/inside; ln -s real link; ln -s link chain; ln -s . loop");

        var entries = await ListAsync(root, 5);

        Assert.Equal(["chain", "link", "loop", "real", "real/inside"], Names(entries, root));
        var chain = entries.Single(entry => entry.Name == "chain");
        Assert.Equal((FileType.Directory, $"{root}/real"), (chain.Type, chain.SymlinkTarget));
    }

    [Fact]
    public async Task A_root_that_is_a_link_keeps_the_name_that_was_asked_for()
    {
        var root = await TreeAsync("alias", "mkdir -p real/sub; touch real/sub/file; ln -s real alias");

        var entries = await ListAsync($"{root}/alias/", 2);

        Assert.Equal([$"{root}/alias/sub", $"{root}/alias/sub/file"], entries.Select(entry => entry.Path));
    }

    [Theory]
    [InlineData("/no/such/directory", ConnectCode.NotFound)]
    [InlineData("/etc/passwd", ConnectCode.InvalidArgument)]
    [InlineData("~other", ConnectCode.InvalidArgument)]
    public async Task What_cannot_be_listed_says_why(string path, ConnectCode code)
    {
        var error = await Assert.ThrowsAsync<ConnectException>(() => ListAsync(path, 1));

        Assert.Equal(code, error.Code);
        Assert.Contains(path, error.Message);
    }

    [Fact]
    public async Task An_unknown_user_is_refused_by_name()
    {
        var error = await Assert.ThrowsAsync<ConnectException>(() => ListAsync("/", 1, "ghost"));

        Assert.Equal((ConnectCode.Unauthenticated, "invalid username: 'ghost'"), (error.Code, error.Message));
    }

    [Fact]
    public async Task The_wire_writes_sizes_as_text_and_takes_an_empty_message()
    {
        await envd.Client.InitAsync(new InitRequest { DefaultWorkdir = await TreeAsync("wire", "printf 1234 > four") }, TestContext.Current.CancellationToken);

        var (status, body) = await envd.PostJsonAsync("filesystem.Filesystem/ListDir", "{}");
        await envd.Client.InitAsync(new InitRequest { DefaultWorkdir = "/root" }, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, status);
        var entry = Assert.Single(body.GetProperty("entries").EnumerateArray());
        Assert.Equal(("4", "FILE_TYPE_FILE"), (entry.GetProperty("size").GetString(), entry.GetProperty("type").GetString()));
    }

    private async Task<string> TreeAsync(string name, string script)
    {
        var root = Directory.CreateDirectory($"{envd.Directory}/{name}").FullName;
        await Shell.RunAsync("sh", "-c", $"umask 022; cd {root} && {script}");
        return root;
    }

    private static IEnumerable<string> Names(IEnumerable<FileEntry> entries, string root) => entries.Select(entry => entry.Path[(root.Length + 1)..]);

    private Task<IReadOnlyList<FileEntry>> ListAsync(string path, uint depth, string? user = null) =>
        envd.Client.ListDirectoryAsync(new ListDirRequest(path, depth), user, TestContext.Current.CancellationToken);
}
