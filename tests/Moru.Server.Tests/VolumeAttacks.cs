using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Moru.Server.Tests;

/// <summary>What a hostile sandbox puts into its volume, and the server that has to touch it.</summary>
public sealed class VolumeAttacks : IAsyncLifetime
{
    private VolumeHost host = null!;
    private string volume = "";
    private string sandbox = "";

    public async ValueTask InitializeAsync()
    {
        host = await VolumeHost.StartAsync();
        volume = await host.MakeAsync();
        sandbox = await host.AttachAsync(volume);
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task Links_lead_nowhere()
    {
        using var outside = new TemporaryDirectory();
        await File.WriteAllTextAsync(outside.Path + "/victim", "kept", VolumeHost.Cancel);
        await host.RunAsync(
            sandbox, $"cd /workspace; ln -s /etc/passwd file; ln -s {outside.Path} dir; ln -s / root; ln -s ../../.. up; ln -s /proc/self/root proc; mkdir d; ln -s ../d d/loop");

        foreach (var path in new[] { "/file", "/dir/victim", "/root/etc/passwd", "/up/moru.db", "/proc/etc/passwd", "/d/loop/loop", "/dir" })
            Assert.Equal(HttpStatusCode.BadRequest, (await DownloadAsync(path)).Status);
        foreach (var path in new[] { "/dir", "/root", "/up", "/proc", "/d/loop" }) Assert.Equal(HttpStatusCode.BadRequest, (await ListAsync(path)).Status);
        await host.KillAsync(sandbox);
        foreach (var path in new[] { "/dir/x", "/dir/sub/x", "/up/x" }) Assert.Equal(HttpStatusCode.BadRequest, (await host.UploadAsync(volume, path, [1])).Status);
        foreach (var path in new[] { "/dir/victim", "/up/moru.db" }) Assert.Equal(HttpStatusCode.BadRequest, (await DeleteAsync(path)).Status);
        // A link itself can be replaced and deleted; what it names is not touched.
        Assert.Equal(HttpStatusCode.Created, (await host.UploadAsync(volume, "/file", [1])).Status);
        foreach (var path in new[] { "/dir", "/root", "/up", "/d" }) Assert.Equal(HttpStatusCode.NoContent, (await DeleteAsync(path + "&recursive=true")).Status);
        Assert.Equal([outside.Path + "/victim"], Directory.GetFileSystemEntries(outside.Path));
        Assert.True(File.Exists(Path.Combine(host.DataDirectory, "moru.db")));
    }

    [Fact]
    public async Task What_is_no_regular_file_is_listed_refused_at_once_and_can_be_deleted()
    {
        await host.RunAsync(sandbox, "cd /workspace; mkfifo pipe; python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"sock\")'; ln -s nothing link; sudo mknod dev c 1 5; ls");
        var began = Stopwatch.GetTimestamp();

        var listed = JsonDocument.Parse((await ListAsync("/")).Text).RootElement.GetProperty("files").EnumerateArray().ToList();
        var answers = new List<HttpStatusCode>();
        foreach (var name in new[] { "/pipe", "/sock", "/link" }) answers.Add((await DownloadAsync(name)).Status);

        Assert.Equal(["link", "pipe", "sock"], listed.Select(file => file.GetProperty("name").GetString()));
        Assert.All(listed, file => Assert.False(file.TryGetProperty("size", out _)));
        Assert.All(answers, status => Assert.Equal(HttpStatusCode.BadRequest, status));
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 5);
        await host.KillAsync(sandbox);
        foreach (var name in new[] { "/pipe", "/sock", "/link" }) Assert.Equal(HttpStatusCode.NoContent, (await DeleteAsync(name)).Status);
        Assert.Equal("""{"files":[]}""", (await ListAsync("/")).Text);
    }

    [Fact]
    public async Task A_file_that_a_process_holds_a_lease_on_is_refused_and_not_waited_for()
    {
        await host.RunAsync(sandbox, "cd /workspace; echo x > held; nohup python3 -c 'import fcntl,os,signal,time; signal.signal(signal.SIGIO, signal.SIG_IGN); f=os.open(\"held\", os.O_RDWR); fcntl.fcntl(f, 1024, 1); open(\"/tmp/ready\",\"w\"); time.sleep(100)' > /tmp/out 2>&1 & while [ ! -e /tmp/ready ]; do sleep 0.05; done");
        var began = Stopwatch.GetTimestamp();

        var answer = await DownloadAsync("/held");

        Assert.Equal(HttpStatusCode.Conflict, answer.Status);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 5);
    }

    [Fact]
    public async Task Names_that_are_not_text_are_listed_and_go_with_their_directory()
    {
        await host.RunAsync(sandbox, "cd /workspace; mkdir d; touch $'d/\\xff\\xfe' $'d/two\\nlines' $'d/\\x1b[31mred' $'d/<script>'");

        var listed = JsonDocument.Parse((await ListAsync("/d")).Text).RootElement.GetProperty("files").EnumerateArray().Select(file => file.GetProperty("name").GetString());
        await host.KillAsync(sandbox);

        Assert.Equal(["\u001b[31mred", "<script>", "two\nlines", "\ufffd\ufffd"], listed);
        Assert.Equal(HttpStatusCode.NoContent, (await DeleteAsync("/d/two%0Alines")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await DeleteAsync("/d&recursive=true")).Status);
        Assert.Equal("""{"files":[]}""", (await ListAsync("/")).Text);
    }

    [Fact]
    public async Task A_tree_deeper_than_any_path_is_counted_and_deleted_in_bounded_time()
    {
        await host.RunAsync(sandbox, "cd /workspace; python3 -c 'import os\nfor i in range(5000):\n os.mkdir(\"d\"); os.chdir(\"d\")\nopen(\"f\",\"w\")'");
        await host.KillAsync(sandbox);
        var began = Stopwatch.GetTimestamp();

        Assert.Equal(HttpStatusCode.NoContent, (await DeleteAsync("/d&recursive=true")).Status);

        Assert.Equal("""{"files":[]}""", (await ListAsync("/")).Text);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 20);
    }

    [Fact]
    public async Task A_directory_that_is_swapped_for_a_link_again_and_again_shows_nothing_from_outside()
    {
        await host.RunAsync(sandbox, """
            cd /workspace; mkdir -p d/etc; echo inside > d/passwd; echo inside > d/only-here; ln -s /etc link
            cat > /tmp/swap.py <<'END'
            import ctypes, os
            libc = ctypes.CDLL(None)
            os.chdir("/workspace")
            open("/tmp/ready", "w")
            while True:
                libc.renameat2(-100, b"d", -100, b"link", 2)
            END
            nohup python3 /tmp/swap.py > /tmp/out 2>&1 &
            while [ ! -e /tmp/ready ]; do sleep 0.05; done
            """);

        var (listed, refused, read) = (0, 0, 0);
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began).TotalSeconds < 5)
        {
            var list = await ListAsync("/d");
            if (list.Status is HttpStatusCode.OK)
            {
                Assert.Equal(["etc", "only-here", "passwd"], JsonDocument.Parse(list.Text).RootElement.GetProperty("files").EnumerateArray().Select(file => file.GetProperty("name").GetString()));
                listed++;
            }
            else
            {
                Assert.Equal(HttpStatusCode.BadRequest, list.Status);
                refused++;
            }

            var file = await DownloadAsync("/d/passwd");
            if (file.Status is HttpStatusCode.OK) read++;
            Assert.True(file is { Status: HttpStatusCode.BadRequest } or { Status: HttpStatusCode.OK, Text: "inside\n" }, file.ToString());
        }

        // It really was both.
        Assert.True(listed > 0 && refused > 0 && read > 0, $"{listed} {refused} {read}");
    }

    [Fact]
    public async Task Uploads_and_deletes_write_nothing_outside_while_a_directory_is_swapped()
    {
        // Sandboxes may not run meanwhile; whoever swaps here is on the host, and faster.
        await host.KillAsync(sandbox);
        using var outside = new TemporaryDirectory();
        await File.WriteAllTextAsync(outside.Path + "/victim", "kept", VolumeHost.Cancel);
        var files = Path.Combine(host.DataDirectory, "volumes", volume, "files");
        Directory.CreateDirectory(files + "/d");
        File.CreateSymbolicLink(files + "/link", outside.Path);
        using var stop = new CancellationTokenSource();
        var swaps = 0;
        var (directory, link) = (Encoding.UTF8.GetBytes(files + "/d\0"), Encoding.UTF8.GetBytes(files + "/link\0"));
        var swapper = Task.Factory.StartNew(
            () =>
            {
                while (!stop.IsCancellationRequested && Rename(-100, directory, -100, link, Exchange) == 0) swaps++;
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        var statuses = new List<HttpStatusCode>();
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began).TotalSeconds < 5 && !swapper.IsCompleted)
        {
            statuses.Add((await host.UploadAsync(volume, "/d/victim", "changed"u8.ToArray())).Status);
            statuses.Add((await DeleteAsync("/d/victim")).Status);
            statuses.Add((await DeleteAsync("/d/victim&recursive=true")).Status);
        }

        await stop.CancelAsync();
        await swapper;
        Assert.Equal([outside.Path + "/victim"], Directory.GetFileSystemEntries(outside.Path));
        Assert.Equal("kept", await File.ReadAllTextAsync(outside.Path + "/victim", VolumeHost.Cancel));
        Assert.True(swaps > 100, $"{swaps} swaps");
        Assert.Contains(HttpStatusCode.Created, statuses);
        Assert.Contains(HttpStatusCode.BadRequest, statuses);
        Assert.DoesNotContain(HttpStatusCode.InternalServerError, statuses);
    }

    [Fact]
    public async Task A_hard_link_cannot_reach_over_the_edge_of_a_volume()
    {
        var said = await host.RunAsync(sandbox, "ln /etc/passwd /workspace/passwd 2>&1; ln /opt/moru/envd /workspace/envd 2>&1; ls /workspace | wc -l", "root");

        Assert.Equal(2, said.Split("Invalid cross-device link").Length - 1);
        Assert.EndsWith("\n0", said, StringComparison.Ordinal);
    }

    private const uint Exchange = 2;

    [DllImport("libc", EntryPoint = "renameat2")]
    private static extern int Rename(int fromDirectory, byte[] from, int toDirectory, byte[] to, uint flags);

    private Task<(HttpStatusCode Status, string Text)> ListAsync(string path) => host.GetAsync($"/volumes/{volume}/files?path={path}");

    private Task<(HttpStatusCode Status, string Text)> DownloadAsync(string path) => host.GetAsync($"/volumes/{volume}/files/download?path={path}");

    private Task<(HttpStatusCode Status, string Text)> DeleteAsync(string pathAndMore) => host.SendAsync(HttpMethod.Delete, $"/volumes/{volume}/files?path={pathAndMore}");
}
