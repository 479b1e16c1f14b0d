using System.Security.Cryptography;
using System.Text;
using Moru.Protocol;

namespace Moru.Sdk.Tests;

public sealed class SandboxFileAccess(ServerFixture fixture) : IAsyncLifetime
{
    private Sandbox sandbox = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => sandbox = await fixture.Client.CreateSandboxAsync(cancellationToken: Cancelled);

    public ValueTask DisposeAsync() => sandbox.DisposeAsync();

    [Fact]
    public async Task What_is_written_is_read_again_and_belongs_to_the_user()
    {
        await sandbox.Files.WriteAsync("/home/user/a/b/note.txt", "grüß dich 🌍\n", cancellationToken: Cancelled);

        Assert.Equal("grüß dich 🌍\n", await sandbox.Files.ReadTextAsync("a/b/note.txt", cancellationToken: Cancelled));
        var stat = await sandbox.Commands.RunAsync("stat -c '%U:%G %a' a/b a/b/note.txt", cancellationToken: Cancelled);
        Assert.Equal("user:user 755\nuser:user 644\n", stat.Stdout);
    }

    [Fact]
    public async Task An_empty_file_is_empty_text()
    {
        await sandbox.Files.WriteAsync("empty", "", cancellationToken: Cancelled);

        Assert.Equal("", await sandbox.Files.ReadTextAsync("empty", cancellationToken: Cancelled));
    }

    [Fact]
    public async Task Writing_replaces_what_was_there()
    {
        await sandbox.Files.WriteAsync("f", "a long first version", cancellationToken: Cancelled);
        await sandbox.Files.WriteAsync("f", "short", cancellationToken: Cancelled);

        Assert.Equal("short", await sandbox.Files.ReadTextAsync("f", cancellationToken: Cancelled));
    }

    [Theory]
    [InlineData("with space & ümlaut?#.txt")]
    [InlineData("quote\"and'apostrophe")]
    [InlineData("new\nline")]
    public async Task Odd_names_are_just_names(string name)
    {
        await sandbox.Files.WriteAsync("/tmp/odd/" + name, name, cancellationToken: Cancelled);

        Assert.Equal(name, await sandbox.Files.ReadTextAsync("/tmp/odd/" + name, cancellationToken: Cancelled));
        Assert.Contains(await sandbox.Files.ListAsync("/tmp/odd", cancellationToken: Cancelled), entry => entry.Name == name);
    }

    [Fact]
    public async Task A_large_file_streams_in_and_out_unchanged()
    {
        var data = new byte[32 << 20];
        Random.Shared.NextBytes(data);

        await sandbox.Files.WriteAsync("/tmp/large", new MemoryStream(data), cancellationToken: Cancelled);

        await using var stream = await sandbox.Files.OpenReadAsync("/tmp/large", cancellationToken: Cancelled);
        Assert.Equal(SHA256.HashData(data), await SHA256.HashDataAsync(stream, Cancelled));
    }

    [Fact]
    public async Task A_binary_file_read_as_text_is_refused_with_the_offending_byte()
    {
        await sandbox.Files.WriteAsync("image", new byte[] { 0x41, 0x42, 0xff, 0xfe }, cancellationToken: Cancelled);

        var error = await Assert.ThrowsAsync<InvalidArgumentException>(() => sandbox.Files.ReadTextAsync("image", cancellationToken: Cancelled));

        Assert.Contains("byte 2 of 4", error.Message, StringComparison.Ordinal);
        Assert.Equal([0x41, 0x42, 0xff, 0xfe], await sandbox.Files.ReadBytesAsync("image", cancellationToken: Cancelled));
    }

    [Fact]
    public async Task A_missing_file_is_not_found_by_name()
    {
        var error = await Assert.ThrowsAsync<NotFoundException>(() => sandbox.Files.ReadTextAsync("/no/such/file", cancellationToken: Cancelled));

        Assert.Contains("/no/such/file", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_directory_is_neither_read_nor_overwritten_as_a_file()
    {
        await Assert.ThrowsAsync<InvalidArgumentException>(() => sandbox.Files.ReadTextAsync("/etc", cancellationToken: Cancelled));
        await Assert.ThrowsAsync<InvalidArgumentException>(() => sandbox.Files.WriteAsync("/etc", "x", cancellationToken: Cancelled));
    }

    [Fact]
    public async Task An_unknown_user_is_refused_by_name()
    {
        var error = await Assert.ThrowsAsync<AuthenticationException>(() => sandbox.Files.ReadTextAsync("/etc/hostname", user: "nobody-here", cancellationToken: Cancelled));

        Assert.Contains("nobody-here", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_listing_is_in_order_with_each_directory_before_its_content()
    {
        await sandbox.Commands.RunAsync("mkdir -p /tmp/tree/b/deep && cd /tmp/tree && echo 12345 > a && echo > b/x && echo > b/deep/y && ln -s a link && ln -s nowhere dangling && echo > c", cancellationToken: Cancelled);

        var flat = await sandbox.Files.ListAsync("/tmp/tree", cancellationToken: Cancelled);
        var deep = await sandbox.Files.ListAsync("/tmp/tree", depth: 2, cancellationToken: Cancelled);

        Assert.Equal(["a", "b", "c", "dangling", "link"], flat.Select(entry => entry.Name));
        Assert.Equal(["/tmp/tree/a", "/tmp/tree/b", "/tmp/tree/b/deep", "/tmp/tree/b/x", "/tmp/tree/c", "/tmp/tree/dangling", "/tmp/tree/link"], deep.Select(entry => entry.Path));
        var file = flat[0];
        Assert.Equal((FileType.File, 6L, "-rw-r--r--", "user"), (file.Type, file.SizeBytes, file.Permissions, file.Owner));
        Assert.Equal(FileType.Directory, flat[1].Type);
        Assert.Equal("/tmp/tree/a", flat[4].SymlinkTarget);
        Assert.Equal((FileType.Unspecified, null), (flat[3].Type, flat[3].SymlinkTarget));
        Assert.StartsWith("L", flat[4].Permissions, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Listing_a_file_or_nothing_says_so()
    {
        await Assert.ThrowsAsync<InvalidArgumentException>(() => sandbox.Files.ListAsync("/etc/hostname", cancellationToken: Cancelled));
        await Assert.ThrowsAsync<NotFoundException>(() => sandbox.Files.ListAsync("/no/such/directory", cancellationToken: Cancelled));
    }

    [Fact]
    public async Task A_full_disk_is_told_apart_from_other_failures()
    {
        await sandbox.Commands.RunAsync("true", cancellationToken: Cancelled);

        // /dev/shm is a small memory file system in every sandbox.
        var error = await Assert.ThrowsAsync<NotEnoughSpaceException>(
            () => sandbox.Files.WriteAsync("/dev/shm/big", new MemoryStream(new byte[128 << 20]), cancellationToken: Cancelled));

        Assert.Contains(sandbox.SandboxId, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pipe_is_refused_instead_of_waited_on()
    {
        await sandbox.Commands.RunAsync("mkfifo /tmp/pipe", cancellationToken: Cancelled);

        await Assert.ThrowsAsync<InvalidArgumentException>(() => sandbox.Files.ReadBytesAsync("/tmp/pipe", cancellationToken: Cancelled));
    }
}
