using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Moru.Protocol;

namespace Moru.Envd.Tests;

/// <summary>What watchers report, in any image.</summary>
public abstract class WatchSpecs(EnvdHost envd, string parent)
{
    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected EnvdHost Envd { get; } = envd;

    internal Task<WatchedFolder> FolderAsync() => WatchedFolder.InAsync(Envd, parent);

    [Fact]
    public async Task A_small_upload_is_three_events_and_an_overwrite_two()
    {
        var folder = await FolderAsync();
        var watcher = await folder.PollingAsync();

        await folder.WriteAsync("new", "hello");
        Assert.Equal(["CREATE new", "CHMOD new", "WRITE new"], await folder.EventsAsync(watcher));
        await folder.WriteAsync("new", "again");
        var overwritten = await folder.EventsAsync(watcher);

        Assert.Equal(["CHMOD new", "WRITE new"], overwritten.SkipWhile(text => text == "WRITE new"));
    }

    [Fact]
    public async Task Events_are_delivered_once()
    {
        var folder = await FolderAsync();
        var watcher = await folder.PollingAsync();
        await folder.WriteAsync("a", "x");
        await folder.EventsAsync(watcher);

        Assert.Empty(await Envd.Client.GetWatcherEventsAsync(watcher, Cancellation));
    }

    [Fact]
    public async Task A_moved_file_leaves_one_name_and_appears_under_the_other()
    {
        var folder = await FolderAsync();
        await folder.WriteAsync("a", "x");
        var watcher = await folder.PollingAsync();

        await Envd.Client.MoveAsync($"{folder.Path}/a", $"{folder.Path}/b", null, Cancellation);
        await Envd.Client.RemoveAsync($"{folder.Path}/b", null, Cancellation);

        Assert.Equal(["RENAME a", "CREATE b", "REMOVE b"], await folder.EventsAsync(watcher));
    }

    [Fact]
    public async Task Without_recursion_what_happens_deeper_is_not_told()
    {
        var folder = await FolderAsync();
        var watcher = await folder.PollingAsync();

        await folder.WriteAsync("d/f", "x");

        Assert.Equal(["CREATE d", "CHMOD d"], await folder.EventsAsync(watcher));
    }

    [Fact]
    public async Task With_recursion_existing_and_new_directories_are_told_by_relative_path()
    {
        var folder = await FolderAsync();
        await folder.WriteAsync("old/deep/f", "x");
        var watcher = await folder.PollingAsync(recursive: true);

        await folder.WriteAsync("old/deep/g", "x");
        await folder.WriteAsync("n1/n2/f", "x");
        var events = await folder.EventsAsync(watcher);

        Assert.Equal(["CREATE old/deep/g", "CHMOD old/deep/g", "WRITE old/deep/g"], events.Where(text => text.EndsWith('g')));
        Assert.Equal(events.Where(text => text.StartsWith("CREATE", StringComparison.Ordinal)).Distinct(), ["CREATE old/deep/g", "CREATE n1", "CREATE n1/n2", "CREATE n1/n2/f"]);
        Assert.Contains("WRITE n1/n2/f", events);
    }

    [Fact]
    public async Task A_file_written_at_once_into_a_new_directory_is_told_and_its_creation_once()
    {
        var folder = await FolderAsync();
        var watcher = await folder.PollingAsync(recursive: true);

        for (var i = 0; i < 100; i++) await folder.WriteAsync($"d{i}/in/f", "x");
        var events = await folder.EventsAsync(watcher);

        string[] created = [.. Enumerable.Range(0, 100).SelectMany(i => (string[])[$"CREATE d{i}", $"CREATE d{i}/in", $"CREATE d{i}/in/f"])];
        Assert.Equal(created.Order(), events.Where(text => text.StartsWith("CREATE", StringComparison.Ordinal)).Order());
        Assert.Equal(100, events.Where(text => text.StartsWith("WRITE", StringComparison.Ordinal)).Distinct().Count());
    }

    [Fact]
    public async Task A_stream_starts_then_tells_and_ends_with_its_client()
    {
        var folder = await FolderAsync();
        await using var stream = new Collected(token => folder.StreamAsync(recursive: true, token));
        await stream.HasAsync("START");

        await folder.WriteAsync("d/f", "x");
        await stream.HasAsync("WRITE d/f");

        Assert.Equal("START", stream.Items.First());
    }

    [Fact]
    public async Task A_watched_directory_that_is_removed_ends_its_watchers_with_a_reason()
    {
        var folder = await FolderAsync();
        var watcher = await folder.PollingAsync();
        await using var stream = new Collected(token => folder.StreamAsync(recursive: true, token));
        await stream.HasAsync("START");

        await Envd.Client.RemoveAsync(folder.Path, null, Cancellation);
        await Eventually.TrueAsync(() => stream.HasEnded);

        Assert.Equal(["START", "REMOVE ."], stream.Items);
        Assert.Equal((ConnectCode.NotFound, $"the watched directory '{folder.Path}' was removed"), (stream.Failure!.Code, stream.Failure.Message));
        Assert.Equal([new FilesystemEvent(".", EventType.Remove)], await Envd.Client.GetWatcherEventsAsync(watcher, Cancellation));
        Assert.Equal(ConnectCode.NotFound, await CodeAsync(() => Envd.Client.GetWatcherEventsAsync(watcher, Cancellation)));
    }

    [Fact]
    public async Task An_unknown_or_removed_watcher_is_not_found()
    {
        var folder = await FolderAsync();
        var watcher = await folder.PollingAsync();
        await Envd.Client.RemoveWatcherAsync(watcher, Cancellation);

        foreach (var id in (string[])[watcher, "", "none"])
        {
            Assert.Equal(ConnectCode.NotFound, await CodeAsync(() => Envd.Client.GetWatcherEventsAsync(id, Cancellation)));
            Assert.Equal(ConnectCode.NotFound, await CodeAsync(() => Envd.Client.RemoveWatcherAsync(id, Cancellation)));
        }
    }

    [Fact]
    public async Task Only_directories_that_are_there_can_be_watched()
    {
        var folder = await FolderAsync();
        await folder.WriteAsync("file", "x");

        foreach (var (path, code) in ((string, ConnectCode)[])[("missing", ConnectCode.NotFound), ("file", ConnectCode.InvalidArgument), ("file/x", ConnectCode.NotFound)])
        {
            Assert.Equal(code, await CodeAsync(() => Envd.Client.CreateWatcherAsync(new CreateWatcherRequest($"{folder.Path}/{path}"), null, Cancellation)));
            Assert.Equal(code, await CodeAsync(async () =>
            {
                await foreach (var _ in Envd.Client.WatchDirectoryAsync(new WatchDirRequest($"{folder.Path}/{path}"), null, Cancellation)) Assert.Fail("nothing comes");
            }));
        }
    }

    protected static async Task<ConnectCode> CodeAsync(Func<Task> call) => (await Assert.ThrowsAsync<ConnectException>(call)).Code;
}

public sealed class DebianWatchSpecs(DebianEnvd envd) : WatchSpecs(envd, "/srv"), IClassFixture<DebianEnvd>
{
    [Fact]
    public async Task The_whole_system_can_be_watched()
    {
        var watcher = await Envd.Client.CreateWatcherAsync(new CreateWatcherRequest("/", true), null, Cancellation);

        await Envd.ShAsync("mkdir -p /srv/some/where; echo x > /srv/some/where/file");

        await Eventually.TrueAsync(async () => (await Envd.Client.GetWatcherEventsAsync(watcher, Cancellation)).Contains(new FilesystemEvent("srv/some/where/file", EventType.Write)));
        await Envd.Client.RemoveWatcherAsync(watcher, Cancellation);
    }
}

public sealed class BusyboxWatchSpecs(BusyboxEnvd envd) : WatchSpecs(envd, "/tmp"), IClassFixture<BusyboxEnvd>;

public sealed class EmptyWatchSpecs(EmptyEnvd envd) : WatchSpecs(envd, "/tmp"), IClassFixture<EmptyEnvd>;
