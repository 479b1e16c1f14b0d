namespace Moru.Tools.Tests;

public sealed class Volumes(ToolTests.Shared shared) : ToolTests(shared), IClassFixture<ToolTests.Shared>
{
    [Fact]
    public async Task An_empty_file_can_be_written_and_what_is_not_there_not_deleted()
    {
        await Tools.CallAsync("manage_volume", new { action = "create", volume = "emptied" });

        await Tools.CallAsync("volume_file", new { volume = "emptied", action = "write", path = "/nothing.txt", content = "" });

        Assert.Equal("[empty]", (await Tools.CallAsync("volume_file", new { volume = "emptied", action = "read", path = "/nothing.txt" })).ToString());
        Assert.StartsWith("There is no '/none' in volume emptied.", await Tools.FailAsync("volume_file", new { volume = "emptied", action = "delete", path = "/none" }), StringComparison.Ordinal);
        Assert.Contains("`volume_path` needs `volume_id`", await Tools.FailAsync("create_sandbox", new { volume_path = "/v" }), StringComparison.Ordinal);
        await Tools.CallAsync("manage_volume", new { action = "delete", volume = "emptied" });
    }

    [Covers("create_sandbox(volume_id)", "Sandbox.create(volume_id)")]
    [Covers("create_sandbox(volume_path)", "Sandbox.create(volume_mount_path)")]
    [Covers("manage_volume(action)", "Volume.create()", "volume.delete()")]
    [Covers("volume_file(volume)", "Volume.get()")]
    [Covers("manage_volume", "Volume.list()", "volume properties")]
    [Covers("volume_file(path)", "volume.list_files()", "volume.list_files(limit)")]
    [Covers("volume_file(action)", "volume.download()", "volume.delete(path)", "volume.delete(path, recursive)")]
    [Covers("volume_file(content)", "volume.upload()")]
    [Fact]
    public async Task A_volume_outlives_its_sandbox_and_is_read_without_one()
    {
        var volume = (await Tools.CallAsync<VolumeList>("manage_volume", new { action = "create", volume = "tooled" })).Volumes.Single();
        var sandbox = await Tools.CallAsync<CreatedSandbox>("create_sandbox", new { timeout_seconds = 120, volume_id = volume.VolumeId, volume_path = "/data" });
        var refused = await Tools.FailAsync("volume_file", new { volume = "tooled", action = "write", path = "/a.txt", content = "x" });
        await Tools.CallAsync("run_command", new { command = "mkdir -p /data/below && echo kept > /data/below/a.txt", user = "root", sandbox_id = sandbox.SandboxId });
        await Tools.CallAsync("kill_sandbox", new { sandbox_id = sandbox.SandboxId });

        var read = await Tools.CallAsync<VolumeContent>("volume_file", new { volume = "tooled", action = "read", path = "/below/a.txt" });
        var written = await Tools.CallAsync("volume_file", new { volume = "tooled", action = "write", path = "/b.txt", content = "x" });
        var list = await Tools.CallAsync<VolumeContent>("volume_file", new { volume = volume.VolumeId });
        var gone = await Tools.CallAsync("volume_file", new { volume = "tooled", action = "delete", path = "/below" });
        var after = await Tools.CallAsync<VolumeContent>("volume_file", new { volume = "tooled" });
        var end = await Tools.CallAsync("manage_volume", new { action = "delete", volume = "tooled" });

        Assert.Contains("are changed there (write_file, run_command with its sandbox_id)", refused, StringComparison.Ordinal);
        Assert.Equal("kept\n", read.Content);
        Assert.Equal(["Wrote 1 bytes to /b.txt.", "Deleted /below.", "Deleted tooled with all its files."], new[] { written, gone, end }.Select(result => result.ToString()));
        Assert.Equal("/b.txt  1\n/below/\n", list.Content);
        Assert.Equal("/b.txt  1\n", after.Content);
        Assert.DoesNotContain((await Tools.CallAsync<VolumeList>("manage_volume", new { })).Volumes, line => line.Name == "tooled");
    }
}
