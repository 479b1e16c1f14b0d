using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Moru.Protocol;

namespace Moru.Envd.Tests;

/// <summary>What watchers report and bear, where the test sees the directories and the daemon from outside.</summary>
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
