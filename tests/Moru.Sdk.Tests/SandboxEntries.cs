using System.Threading.Channels;
using Moru.Protocol;

namespace Moru.Sdk.Tests;

public sealed class SandboxEntries(ServerFixture fixture) : IAsyncLifetime
{
    private Sandbox sandbox = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private SandboxFiles Files => sandbox.Files;

    public async ValueTask InitializeAsync() => sandbox = await fixture.Client.CreateSandboxAsync(cancellationToken: Cancelled);

    public ValueTask DisposeAsync() => sandbox.DisposeAsync();

    [Fact]
    public async Task Several_files_are_written_at_once_whatever_their_names_and_sources()
    {
        var written = await Files.WriteFilesAsync(
            [
                new("/tmp/many/text ü\"1\n.txt", "grüße"),
                new("/tmp/many/bytes", new byte[] { 0, 255 }),
                new("relative/stream", new MemoryStream("stream"u8.ToArray())),
                new("/tmp/many/empty", ""),
            ],
            cancellationToken: Cancelled);

        Assert.Equal(["/tmp/many/text ü\"1\n.txt", "/tmp/many/bytes", "/home/user/relative/stream", "/tmp/many/empty"], written.Select(file => file.Path));
        Assert.Equal("grüße", await Files.ReadTextAsync("/tmp/many/text ü\"1\n.txt", cancellationToken: Cancelled));
        Assert.Equal([0, 255], await Files.ReadBytesAsync("/tmp/many/bytes", cancellationToken: Cancelled));
        Assert.Equal("stream", await Files.ReadTextAsync("relative/stream", cancellationToken: Cancelled));
        Assert.Equal("", await Files.ReadTextAsync("/tmp/many/empty", cancellationToken: Cancelled));
    }

    [Fact]
    public async Task The_same_path_twice_in_one_write_is_refused() =>
        await Assert.ThrowsAsync<InvalidArgumentException>(() => Files.WriteFilesAsync([new("/tmp/f", "a"), new("/tmp/f", "b")], cancellationToken: Cancelled));

    [Fact]
    public async Task A_file_exists_until_it_is_removed()
    {
        Assert.Equal(new WriteInfo("f", "/tmp/f", FileType.File), await Files.WriteAsync("/tmp/f", "x", cancellationToken: Cancelled));
        Assert.True(await Files.ExistsAsync("/tmp/f", cancellationToken: Cancelled));

        await Files.RemoveAsync("/tmp/f", cancellationToken: Cancelled);

        Assert.False(await Files.ExistsAsync("/tmp/f", cancellationToken: Cancelled));
        await Files.RemoveAsync("/tmp/f", cancellationToken: Cancelled);
    }

    [Fact]
    public async Task An_entry_is_described_whole()
    {
        await Files.WriteAsync("notes/a.txt", "12345", cancellationToken: Cancelled);

        var info = await Files.GetInfoAsync("notes/a.txt", cancellationToken: Cancelled);

        Assert.Equal(
            ("a.txt", "/home/user/notes/a.txt", FileType.File, 5L, 0b110_100_100u, "-rw-r--r--", "user", "user", null),
            (info.Name, info.Path, info.Type, info.SizeBytes, info.Mode, info.Permissions, info.Owner, info.Group, info.SymlinkTarget));
        Assert.InRange(info.ModifiedTime, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(1));
        Assert.Equal(FileType.Directory, (await Files.GetInfoAsync("notes", cancellationToken: Cancelled)).Type);
        Assert.Contains("/no/such", (await Assert.ThrowsAsync<NotFoundException>(() => Files.GetInfoAsync("/no/such", cancellationToken: Cancelled))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_listing_shows_all_that_ls_shows()
    {
        const string Make = "mkdir all && cd all && mkfifo pipe && ln -s nowhere dangling && ln -s pipe led && mkdir .dir && touch .dir/file && python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"socket\")' && LC_ALL=C ls -A";
        var shown = (await sandbox.Commands.RunAsync(Make, cancellationToken: Cancelled)).Stdout;

        var listed = await Files.ListAsync("all", depth: 2, cancellationToken: Cancelled);

        Assert.Equal([".dir", "file", "dangling", "led", "pipe", "socket"], listed.Select(entry => entry.Name));
        Assert.Equal(".dir\ndangling\nled\npipe\nsocket\n", shown);
        Assert.Equal([FileType.Directory, FileType.File, .. Enumerable.Repeat(FileType.Unspecified, 4)], listed.Select(entry => entry.Type));
        Assert.Equal((FileType.Unspecified, "Dcrw-rw-rw-"), (await Files.ListAsync("/dev", cancellationToken: Cancelled)).Where(entry => entry.Name == "null").Select(entry => (entry.Type, entry.Permissions)).Single());
    }

    [Fact]
    public async Task An_entry_moves_with_all_that_is_in_it()
    {
        await Files.WriteAsync("/tmp/old/a/f", "kept", cancellationToken: Cancelled);

        var moved = await Files.RenameAsync("/tmp/old", "/tmp/new/place", cancellationToken: Cancelled);

        Assert.Equal("/tmp/new/place", moved.Path);
        Assert.Equal("kept", await Files.ReadTextAsync("/tmp/new/place/a/f", cancellationToken: Cancelled));
        await Assert.ThrowsAsync<NotFoundException>(() => Files.RenameAsync("/tmp/old", "/tmp/x", cancellationToken: Cancelled));
    }

    [Fact]
    public async Task A_directory_is_made_once_and_belongs_to_the_user_named()
    {
        Assert.True(await Files.MakeDirAsync("/tmp/a/b/c", user: "root", Cancelled));

        Assert.False(await Files.MakeDirAsync("/tmp/a/b/c", cancellationToken: Cancelled));
        Assert.Equal("root", (await Files.GetInfoAsync("/tmp/a/b/c", cancellationToken: Cancelled)).Owner);
        await Files.WriteAsync("/tmp/file", "", cancellationToken: Cancelled);
        await Assert.ThrowsAsync<InvalidArgumentException>(() => Files.MakeDirAsync("/tmp/file", cancellationToken: Cancelled));
    }

    [Fact]
    public async Task A_watch_yields_each_change_from_its_start_to_its_stop()
    {
        await Files.MakeDirAsync("/tmp/w", cancellationToken: Cancelled);
        await using var watch = await Files.WatchDirAsync("/tmp/w", cancellationToken: Cancelled);

        await Files.WriteAsync("/tmp/w/f", "x", cancellationToken: Cancelled);
        await Files.RenameAsync("/tmp/w/f", "/tmp/w/g", cancellationToken: Cancelled);
        await Files.RemoveAsync("/tmp/w/g", cancellationToken: Cancelled);

        var seen = new List<FilesystemEvent>();
        await foreach (var change in watch.EventsAsync(Cancelled))
        {
            seen.Add(change);
            if (change.Type is FilesystemEventType.Remove) await watch.StopAsync();
        }

        Assert.Equal(
            [
                new(FilesystemEventType.Create, "f"), new(FilesystemEventType.Chmod, "f"), new(FilesystemEventType.Write, "f"),
                new(FilesystemEventType.Rename, "f"), new(FilesystemEventType.Create, "g"), new(FilesystemEventType.Remove, "g"),
            ],
            seen);
        Assert.Throws<InvalidOperationException>(() => watch.EventsAsync(Cancelled));
    }

    [Fact]
    public async Task A_recursive_watch_calls_back_for_what_happens_below()
    {
        await Files.MakeDirAsync("/tmp/r", cancellationToken: Cancelled);
        var changes = Channel.CreateUnbounded<FilesystemEvent>();
        var ended = new TaskCompletionSource<SandboxException?>();
        var watch = await Files.WatchDirAsync(
            "/tmp/r", new() { Recursive = true, OnEvent = change => changes.Writer.TryWrite(change), OnExit = ended.SetResult }, Cancelled);

        await Files.WriteAsync("/tmp/r/deep/er/f", "x", cancellationToken: Cancelled);

        await foreach (var change in changes.Reader.ReadAllAsync(Cancelled))
            if (change == new FilesystemEvent(FilesystemEventType.Write, "deep/er/f")) break;
        Assert.Throws<InvalidOperationException>(() => watch.EventsAsync(Cancelled));
        await watch.DisposeAsync();
        Assert.Null(await ended.Task);
    }

    [Fact]
    public async Task A_watch_says_when_its_sandbox_ends()
    {
        var ended = new TaskCompletionSource<SandboxException?>();
        await using var watch = await Files.WatchDirAsync("/tmp", new() { OnEvent = _ => { }, OnExit = ended.SetResult }, Cancelled);

        await sandbox.KillAsync(Cancelled);

        Assert.IsType<SandboxTimeoutException>(await ended.Task.WaitAsync(Eventually.Limit, Cancelled));
    }

    [Fact]
    public async Task Only_a_directory_that_is_there_is_watched()
    {
        await Assert.ThrowsAsync<NotFoundException>(() => Files.WatchDirAsync("/no/such", cancellationToken: Cancelled));
        await Assert.ThrowsAsync<InvalidArgumentException>(() => Files.WatchDirAsync("/etc/hostname", cancellationToken: Cancelled));
    }
}
