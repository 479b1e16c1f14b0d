using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Moru.Server.Tests;

/// <summary>Volumes in real containers.</summary>
public sealed class VolumeContainers
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_the_default_user_writes_outlives_the_sandbox_and_is_read_by_the_next(bool images)
    {
        await using var host = await VolumeHost.StartAsync(images);
        var volume = await host.MakeAsync();
        await host.UploadAsync(volume, "/from/api.txt", "api\n"u8.ToArray());

        var first = await host.AttachAsync(volume);
        var said = await host.RunAsync(first, "cd $MORU_VOLUME_MOUNT_PATH && cat from/api.txt && echo more >> from/api.txt && mkdir -p x/y && echo sandbox > x/y/note && echo $MORU_VOLUME_ID");
        await host.KillAsync(first);
        var note = await host.GetAsync($"/volumes/{volume}/files/download?path=/x/y/note");
        var second = await host.AttachAsync(volume, "/mnt/deep/er");

        Assert.Equal($"api\n{volume}", said);
        Assert.Equal((HttpStatusCode.OK, "sandbox\n"), note);
        Assert.Equal("api\nmore\nsandbox", await host.RunAsync(second, "cat /mnt/deep/er/from/api.txt /mnt/deep/er/x/y/note"));
    }

    [Fact]
    public async Task Several_sandboxes_share_a_volume_and_a_pause_keeps_it()
    {
        await using var host = await VolumeHost.StartAsync();
        var volume = await host.MakeAsync();
        var (one, two) = (await host.AttachAsync(volume), await host.AttachAsync(volume, "/data"));

        await host.RunAsync(one, "echo hello > /workspace/note");
        Assert.Equal("hello", await host.RunAsync(two, "cat /data/note; echo back > /data/answer"));
        await host.SendAsync(HttpMethod.Post, $"/sandboxes/{one}/pause");
        await host.RunAsync(two, "echo changed > /data/note");
        await host.SendAsync(HttpMethod.Post, $"/sandboxes/{one}/connect", VolumeHost.Json("""{"timeout":300}"""));

        Assert.Equal($"changed\nback\n{volume} /workspace", await host.RunAsync(one, "cat /workspace/note /workspace/answer; echo $MORU_VOLUME_ID $MORU_VOLUME_MOUNT_PATH"));
    }

    [Fact]
    public async Task A_restart_of_the_server_changes_nothing_for_who_has_the_volume_or_gets_it()
    {
        await using var host = await VolumeHost.StartAsync();
        var (kept, idle) = (await host.MakeAsync("kept"), await host.MakeAsync("idle"));
        await host.UploadAsync(idle, "/note", "idle"u8.ToArray());
        var sandbox = await host.AttachAsync(kept);
        await host.RunAsync(sandbox, "echo before > /workspace/note");

        await host.RestartAsync();

        Assert.Equal("before", await host.RunAsync(sandbox, "cat /workspace/note; echo after > /workspace/note"));
        Assert.Equal("after\n", (await host.GetAsync($"/volumes/{kept}/files/download?path=/note")).Text);
        Assert.Equal("idle", (await host.GetAsync($"/volumes/{idle}/files/download?path=/note")).Text);
        Assert.Equal(HttpStatusCode.Conflict, (await host.UploadAsync(kept, "/x", [1])).Status);
    }

    [Fact]
    public async Task What_was_written_before_the_container_is_killed_is_there()
    {
        await using var host = await VolumeHost.StartAsync();
        var volume = await host.MakeAsync();
        var sandbox = await host.AttachAsync(volume);
        await host.RunAsync(sandbox, "head -c 5000000 /dev/urandom > /workspace/big; sha256sum < /workspace/big > /workspace/sum");

        using (var killer = Process.Start("docker", ["kill", "--signal", "KILL", "moru-" + sandbox])) await killer.WaitForExitAsync(VolumeHost.Cancel);
        await Eventually.TrueAsync(async () => (await host.UploadAsync(volume, "/free", [1])).Status is HttpStatusCode.Created);
        var next = await host.AttachAsync(volume);

        Assert.Equal("/workspace/big: OK", await host.RunAsync(next, "sed 's| -|/workspace/big|' < /workspace/sum | tr -s ' ' | sed 's| |  |' | sha256sum -c"));
    }

    [Fact]
    public async Task A_volume_is_deleted_from_under_a_sandbox_which_goes_on()
    {
        await using var host = await VolumeHost.StartAsync();
        var volume = await host.MakeAsync();
        var sandbox = await host.AttachAsync(volume);
        await host.RunAsync(sandbox, "echo secret > /workspace/note");

        var deleted = await host.SendAsync(HttpMethod.Delete, $"/volumes/{volume}");
        var other = await host.MakeAsync();

        Assert.Equal(HttpStatusCode.NoContent, deleted.Status);
        Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync($"/volumes/{volume}")).Status);
        Assert.Equal("""{"files":[]}""", (await host.GetAsync($"/volumes/{other}/files")).Text);
        Assert.Equal("alive", await host.RunAsync(sandbox, "echo alive"));
    }

    [Fact]
    public async Task A_sandbox_writes_no_more_than_the_volume_holds_and_an_upload_says_so()
    {
        await using var host = await VolumeHost.StartAsync();
        var volume = await host.MakeAsync();
        var sandbox = await host.AttachAsync(volume);

        var said = await host.RunAsync(sandbox, "dd if=/dev/zero of=/workspace/fill bs=1M count=100 2>&1; truncate -s 1T /workspace/hole");
        await host.KillAsync(sandbox);
        var refused = await host.UploadAsync(volume, "/more", new byte[8 << 20]);

        Assert.Contains("No space left on device", said, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.InsufficientStorage, """{"code":507,"message":"The volume is full; delete files or use another volume."}"""), refused);
        Assert.Equal(HttpStatusCode.NoContent, (await host.SendAsync(HttpMethod.Delete, $"/volumes/{volume}/files?path=/fill")).Status);
        Assert.Equal(HttpStatusCode.Created, (await host.UploadAsync(volume, "/more", new byte[8 << 20])).Status);
    }

    [Fact]
    public async Task What_is_deleted_gives_its_space_on_the_disk_back()
    {
        await using var host = await VolumeHost.StartAsync();
        var volume = await host.MakeAsync();
        await host.UploadAsync(volume, "/big", new byte[40 << 20]);
        Assert.True(await TakenAsync() > 40 << 10);

        await host.SendAsync(HttpMethod.Delete, $"/volumes/{volume}/files?path=/big");

        await Eventually.TrueAsync(async () => await TakenAsync() < 20 << 10);

        async Task<int> TakenAsync()
        {
            using var du = Process.Start(new ProcessStartInfo("du", ["-k", Path.Combine(host.DataDirectory, "volumes", volume + ".ext4")]) { RedirectStandardOutput = true })!;
            return int.Parse((await du.StandardOutput.ReadToEndAsync(VolumeHost.Cancel)).Split('\t')[0], CultureInfo.InvariantCulture);
        }
    }

    [Fact]
    public async Task Sizes_follow_what_a_sandbox_writes_within_five_seconds()
    {
        await using var host = await VolumeHost.StartAsync();
        var volume = await host.MakeAsync();
        var sandbox = await host.AttachAsync(volume);
        await host.RunAsync(sandbox, "cd /workspace; mkdir d; for i in $(seq 100); do head -c 1000 /dev/zero > d/$i; done");
        var began = Stopwatch.GetTimestamp();

        await Eventually.TrueAsync(async () =>
        {
            var now = JsonDocument.Parse((await host.GetAsync($"/volumes/{volume}")).Text).RootElement;
            return (now.GetProperty("totalSizeBytes").GetInt64(), now.GetProperty("totalFileCount").GetInt64()) == (100_000, 100);
        });

        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 5);
    }

    [Fact]
    public async Task A_program_in_a_volume_gains_no_right_by_its_mode_bits()
    {
        await using var host = await VolumeHost.StartAsync();
        var sandbox = await host.AttachAsync(await host.MakeAsync());
        await host.RunAsync(sandbox, "cp /usr/bin/id /workspace/id; chmod 4755 /workspace/id", "root");

        var said = await host.RunAsync(sandbox, "stat -c %a /workspace/id; /workspace/id -u");

        Assert.Equal("4755\n1000", said);
    }
}
