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

public sealed class LoopbackWatchSpecs(LoopbackEnvd envd) : WatchSpecs(envd, envd.Directory), IClassFixture<LoopbackEnvd>
{
    [Fact]
    public async Task A_directory_renamed_inside_the_tree_is_told_under_its_new_name()
    {
        var folder = await FolderAsync();
        await folder.ShAsync("mkdir -p a/deep b");
        var watcher = await folder.PollingAsync(recursive: true);

        await folder.ShAsync("mv a b/c && echo x > b/c/deep/f");

        Assert.Equal(["RENAME a", "CREATE b/c", "CREATE b/c/deep/f", "WRITE b/c/deep/f"], await folder.EventsAsync(watcher));
    }

    [Fact]
    public async Task A_directory_moved_out_is_told_no_more_and_one_moved_in_with_its_content()
    {
        var (folder, outside) = (await FolderAsync(), await FolderAsync());
        await folder.ShAsync("mkdir -p gone/deep");
        await outside.ShAsync("mkdir -p come/deep; echo x > come/deep/f");
        var watcher = await folder.PollingAsync(recursive: true);

        await folder.ShAsync($"mv gone {outside.Path}/ && mv {outside.Path}/come . && echo x > {outside.Path}/gone/deep/f");
        await folder.WriteAsync("come/deep/g", "x");
        var events = await folder.EventsAsync(watcher);

        Assert.Equal(
            ["RENAME gone", "CREATE come", "CREATE come/deep", "CREATE come/deep/f", "WRITE come/deep/f", "CREATE come/deep/g", "CHMOD come/deep/g", "WRITE come/deep/g"], events);
    }

    [Fact]
    public async Task A_directory_made_again_under_its_old_name_is_watched_again()
    {
        var folder = await FolderAsync();
        var watcher = await folder.PollingAsync(recursive: true);
        for (var i = 0; i < 20; i++)
        {
            await folder.ShAsync($"mkdir d && echo x > d/f{i}");
            await folder.ShAsync("rm -r d");
        }

        var events = await folder.EventsAsync(watcher);

        for (var i = 0; i < 20; i++) Assert.Single(events, $"CREATE d/f{i}");
    }

    [Fact]
    public async Task Links_are_followed_at_the_root_and_nowhere_else()
    {
        var (folder, outside) = (await FolderAsync(), await FolderAsync());
        await folder.ShAsync($"mkdir real; ln -s {outside.Path} real/link; ln -s real root");
        var watcher = await Envd.Client.CreateWatcherAsync(new CreateWatcherRequest($"{folder.Path}/root", true), null, Cancellation);

        await folder.ShAsync($"ln -s {outside.Path} real/another");
        await outside.WriteAsync("unseen", "x");
        await folder.WriteAsync("real/seen", "x");
        var events = new List<FilesystemEvent>();
        await Eventually.TrueAsync(async () =>
        {
            events.AddRange(await Envd.Client.GetWatcherEventsAsync(watcher, Cancellation));
            return events.Contains(new FilesystemEvent("seen", EventType.Write));
        });

        Assert.Equal(["another", "seen"], events.Select(item => item.Name).Distinct());
    }

    [Fact]
    public async Task Many_watchers_of_one_tree_hear_the_same_and_leave_nothing_open()
    {
        var folder = await FolderAsync();
        await folder.ShAsync("mkdir d");
        var watchers = new List<string>();
        for (var i = 0; i < 20; i++) watchers.Add(await folder.PollingAsync(recursive: i % 2 == 0));
        Assert.Single(Instances((LoopbackEnvd)Envd));

        await folder.ShAsync("echo x > d/f; echo x > g");
        for (var i = 0; i < 20; i++)
        {
            var events = await folder.EventsAsync(watchers[i]);
            Assert.Equal(i % 2 == 0, events.Contains("WRITE d/f"));
            Assert.Contains("WRITE g", events);
            await Envd.Client.RemoveWatcherAsync(watchers[i], Cancellation);
        }
    }

    [Fact]
    public async Task A_moved_root_ends_its_watcher_and_other_watchers_go_on()
    {
        var folder = await FolderAsync();
        await folder.ShAsync("mkdir root");
        var whole = await folder.PollingAsync(recursive: true);
        var root = await Envd.Client.CreateWatcherAsync(new CreateWatcherRequest($"{folder.Path}/root", true), null, Cancellation);

        await folder.ShAsync("mv root moved && echo x > moved/f");

        Assert.Equal(["RENAME root", "CREATE moved", "CREATE moved/f", "WRITE moved/f"], await folder.EventsAsync(whole));
        Assert.Equal([new FilesystemEvent(".", EventType.Rename)], await Envd.Client.GetWatcherEventsAsync(root, Cancellation));
        Assert.Equal(ConnectCode.NotFound, await CodeAsync(() => Envd.Client.GetWatcherEventsAsync(root, Cancellation)));
    }

    [Fact]
    public async Task A_quiet_stream_gives_signs_of_life_and_ends_at_its_limit()
    {
        var folder = await FolderAsync();
        var request = RawConnect.Envelope(JsonSerializer.Serialize(new WatchDirRequest(folder.Path), EnvdJson.Default.WatchDirRequest));

        using var response = await Envd.PostAsync(
            "filesystem.Filesystem/WatchDir", "application/connect+json", request, (Headers.ConnectTimeoutMs, "2500.0"), ("Keepalive-Ping-Interval", "1"));
        var text = await response.Content.ReadAsStringAsync(Cancellation);

        Assert.Contains("{\"start\":{}}", text);
        Assert.Contains("{\"keepalive\":{}}", text);
        Assert.Contains("deadline_exceeded", text);
    }

    [Fact]
    public async Task A_burst_of_100_000_files_is_told_completely_or_its_loss_is_told()
    {
        var folder = await FolderAsync();
        var watcher = await folder.PollingAsync(recursive: true);
        await using var stream = new Collected(token => folder.StreamAsync(recursive: true, token));
        await stream.HasAsync("START");

        var burst = Shell.RunAsync("python3", "-c", $"for i in range(100000): open('{folder.Path}/%d' % i, 'w').close()");
        do Assert.InRange(await HealthTimeAsync(), TimeSpan.Zero, TimeSpan.FromSeconds(2));
        while (!burst.IsCompleted);
        await burst;

        await Eventually.TrueAsync(() => stream.HasEnded || stream.Items.Contains("CREATE 99999"));
        if (stream.HasEnded) Assert.Equal(ConnectCode.ResourceExhausted, stream.Failure?.Code);
        else Assert.Equal(100_001, stream.Items.Distinct().Count());
        await AssertCompleteOrToldAsync(folder, watcher);
        Assert.InRange(((LoopbackEnvd)Envd).MemoryKiB("VmRSS"), 0, 200_000);
    }

    [Fact]
    public async Task A_watcher_that_nobody_empties_is_given_up_told_once_and_begins_anew()
    {
        await using var own = new LoopbackEnvd();
        await own.InitializeAsync();
        var folder = await WatchedFolder.InAsync(own, own.Directory);
        var watcher = await folder.PollingAsync();
        var name = new string('n', 200);
        for (var i = 0; i < 20 && Watches(own) > 0; i++)
            await Shell.RunAsync("python3", "-c", $"import os\nfor i in range(10000): os.close(os.open('{folder.Path}/{name}%d' % i, os.O_CREAT)); os.unlink('{folder.Path}/{name}%d' % i)");

        var error = await Assert.ThrowsAsync<ConnectException>(() => own.Client.GetWatcherEventsAsync(watcher, Cancellation));
        Assert.Equal(ConnectCode.ResourceExhausted, error.Code);
        Assert.Contains("events were lost", error.Message);
        await folder.WriteAsync("after", "x");
        Assert.Equal(["CREATE after", "CHMOD after", "WRITE after"], await folder.EventsAsync(watcher));

        await own.Client.RemoveWatcherAsync(watcher, Cancellation);
        await Eventually.TrueAsync(() => !Instances(own).Any(), "the last watcher takes the instance with it");
    }

    [Fact]
    public async Task Events_that_the_kernel_dropped_are_told_as_lost_to_streams_and_polls()
    {
        await using var own = new LoopbackEnvd();
        await own.InitializeAsync();
        var folder = await WatchedFolder.InAsync(own, own.Directory);
        var watcher = await folder.PollingAsync();
        await using var stream = new Collected(token => folder.StreamAsync(recursive: false, token));
        await stream.HasAsync("START");
        var queue = int.Parse(await File.ReadAllTextAsync("/proc/sys/fs/inotify/max_queued_events", Cancellation), CultureInfo.InvariantCulture);
        var pid = own.Pid.ToString(CultureInfo.InvariantCulture);

        // While envd stands still nobody empties the kernel's queue.
        await Shell.RunAsync("kill", "-STOP", pid);
        await Shell.RunAsync("python3", "-c", $"for i in range({queue + 1}): open('{folder.Path}/%d' % i, 'w').close()");
        await Shell.RunAsync("kill", "-CONT", pid);
        await Eventually.TrueAsync(() => stream.HasEnded);

        Assert.Equal(ConnectCode.ResourceExhausted, stream.Failure?.Code);
        Assert.Contains("the kernel's queue of them was full", stream.Failure?.Message);
        Assert.Equal(ConnectCode.ResourceExhausted, await CodeAsync(() => own.Client.GetWatcherEventsAsync(watcher, Cancellation)));
        await folder.WriteAsync("after", "x");
        Assert.Equal(["CREATE after", "CHMOD after", "WRITE after"], await folder.EventsAsync(watcher));
    }

    [Fact]
    public async Task There_is_a_limit_of_watchers_and_each_can_be_removed()
    {
        var folder = await FolderAsync();
        var watchers = new List<string>();
        ConnectException? error = null;
        while (error is null)
        {
            try
            {
                watchers.Add(await folder.PollingAsync());
            }
            catch (ConnectException refused)
            {
                error = refused;
            }
        }

        foreach (var watcher in watchers) await Envd.Client.RemoveWatcherAsync(watcher, Cancellation);

        Assert.Equal(ConnectCode.ResourceExhausted, error.Code);
        Assert.Contains("256 watchers", error.Message);
    }

    [Fact]
    public async Task Names_that_are_not_text_do_no_harm()
    {
        var folder = await FolderAsync();
        var watcher = await folder.PollingAsync(recursive: true);

        await folder.ShAsync("mkdir \"$(printf 'd\\377')\"; touch \"$(printf 'd\\377/f')\"; touch plain");

        Assert.Equal(["CREATE d\uFFFD", "CREATE plain", "CHMOD plain"], (await folder.EventsAsync(watcher)).Where(text => text != "WRITE plain"));
        await Envd.Client.RemoveAsync(folder.Path, null, Cancellation); // .NET could not
    }

    private static async Task AssertCompleteOrToldAsync(WatchedFolder folder, string watcher)
    {
        try
        {
            var events = await folder.EventsAsync(watcher);
            Assert.Equal(100_000, events.Where(text => text.StartsWith("CREATE", StringComparison.Ordinal)).Distinct().Count());
        }
        catch (ConnectException error)
        {
            Assert.Equal(ConnectCode.ResourceExhausted, error.Code);
        }
    }

    private async Task<TimeSpan> HealthTimeAsync()
    {
        var watch = Stopwatch.StartNew();
        await Envd.Client.HealthAsync(Cancellation);
        return watch.Elapsed;
    }

    private static IEnumerable<string> Instances(LoopbackEnvd envd) => Directory.EnumerateFileSystemEntries(
        string.Create(CultureInfo.InvariantCulture, $"/proc/{envd.Pid}/fd")).Where(fd => new FileInfo(fd).LinkTarget == "anon_inode:inotify");

    private static int Watches(LoopbackEnvd envd) => Instances(envd).Sum(instance =>
        File.ReadLines(instance.Replace("/fd/", "/fdinfo/", StringComparison.Ordinal)).Count(line => line.StartsWith("inotify", StringComparison.Ordinal)));
}
