namespace Moru.Runtime.Tests;

public sealed class VolumeTests
{
    [Fact]
    public async Task Volumes_and_who_has_them_are_known_after_a_restart()
    {
        await using var node = await OpenAsync();
        var (volume, _) = node.Runtime.Volumes.Create(Team(node), "data");
        var sandbox = await AttachAsync(node, volume);
        await UploadAsync(node, node.Runtime.Volumes.Create(Team(node), "other").Volume, "/file", [1, 2, 3]);

        await node.ReopenAsync();

        Assert.Equal(volume, node.Runtime.Volumes.Find(Team(node), "data"));
        Assert.Equal(new VolumeMount(volume.Id, "/workspace"), node.Sandboxes.Find(sandbox.Id)!.Volume);
        await Assert.ThrowsAsync<RuntimeException>(() => UploadAsync(node, volume, "/file", [1]));
        var other = node.Runtime.Volumes.Find(Team(node), "other")!;
        Assert.Equal("file", Assert.Single((await node.Runtime.Volumes.ListFilesAsync(Team(node), other.Id, "/", null, 10, Node.Cancel)).Entries).Name);
    }

    [Fact]
    public async Task What_a_sandbox_wrote_while_there_was_no_server_is_counted()
    {
        await using var node = await OpenAsync();
        var (volume, _) = node.Runtime.Volumes.Create(Team(node), "data");
        await AttachAsync(node, volume);
        var files = Assert.Single(node.Engine.Specs).Volume!.HostPath;

        await node.ReopenAsync(between: () => File.WriteAllBytes(files + "/file", new byte[77]));

        await Eventually.TrueAsync(() =>
        {
            node.Clock.Advance(TimeSpan.FromSeconds(1));
            return node.Runtime.Volumes.Find(Team(node), volume.Id) is { TotalBytes: 77, TotalFiles: 1 };
        });
    }

    [Fact]
    public async Task What_a_killed_server_left_half_done_is_removed()
    {
        await using var node = await OpenAsync();
        var (kept, _) = node.Runtime.Volumes.Create(Team(node), "kept");
        await UploadAsync(node, kept, "/file", [1]);
        var root = Path.Combine(node.Options.DataDirectory, "volumes");
        var place = new VolumePlace(Path.Combine(root, kept.Id), IsImage: false);

        await node.ReopenAsync(between: () =>
        {
            Directory.CreateDirectory(Path.Combine(root, "vol_0123456789abcdefghij/files/d"));
            Directory.CreateDirectory(Path.Combine(root, "deleted/x/y"));
            File.WriteAllText(Path.Combine(place.Uploads, "half"), "half");
            Directory.CreateDirectory(Path.Combine(place.Trash, "x/y"));
        });

        await Eventually.TrueAsync(() => Directory.GetDirectories(root).Order().SequenceEqual([Path.Combine(root, "deleted"), place.Root]));
        await Eventually.TrueAsync(() => Directory.GetFileSystemEntries(Path.Combine(root, "deleted")).Length == 0);
        await node.Runtime.Volumes.ListFilesAsync(Team(node), kept.Id, "/", null, 10, Node.Cancel);
        Assert.Empty(Directory.GetFileSystemEntries(place.Uploads));
        Assert.Empty(Directory.GetFileSystemEntries(place.Trash));
        Assert.True(File.Exists(Path.Combine(place.Files, "file")));
    }

    [Fact]
    public async Task One_teams_volume_does_not_exist_for_another()
    {
        await using var node = await OpenAsync();
        var (mine, _) = node.Runtime.Volumes.Create("mine", "data");
        var (theirs, created) = node.Runtime.Volumes.Create("theirs", "data");

        Assert.True(created);
        Assert.NotEqual(mine.Id, theirs.Id);
        Assert.Equal(mine, Assert.Single(node.Runtime.Volumes.List("mine", null, 10)));
        Assert.Null(node.Runtime.Volumes.Find("theirs", mine.Id));
        Assert.False(await node.Runtime.Volumes.DeleteAsync("theirs", mine.Id));
        await Assert.ThrowsAsync<RuntimeException>(() => node.Runtime.Volumes.ListFilesAsync("theirs", mine.Id, "/", null, 10, Node.Cancel));
        var request = new SandboxRequest { TemplateId = "base", VolumeId = mine.Id, VolumeMountPath = "/data" };
        Assert.Equal(RuntimeError.VolumeNotFound, (await Assert.ThrowsAsync<RuntimeException>(() => node.Sandboxes.CreateAsync(request, Node.Cancel))).Error);
    }

    [Fact]
    public void A_tree_of_any_depth_is_emptied_and_a_count_stops_somewhere()
    {
        var directory = Directory.CreateTempSubdirectory("moru-tree-").FullName;
        using var root = VolumeDirectory.Open(directory);
        var at = root;
        for (var i = 0; i < 3000; i++)
        {
            var next = at.OpenOrMake("d"u8.ToArray());
            at.CreateFile("f"u8.ToArray()).Dispose();
            if (at != root) at.Dispose();
            at = next;
        }

        at.Dispose();
        var (_, files) = VolumeTree.Measure(root, Node.Cancel);
        using var again = VolumeDirectory.Open(directory);

        Assert.True(VolumeTree.Empty(again));
        Assert.Equal(256, files);
        Assert.Empty(Directory.GetFileSystemEntries(directory));
        Directory.Delete(directory);
    }

    [Fact]
    public void A_volume_is_mounted_behind_the_agent_and_can_be_written()
    {
        var spec = new ContainerSpec
        {
            SandboxId = "i0123456789abcdefghij", OwnerId = "owner", TemplateId = "base", Image = "moru/base:latest", EnvdPath = "/data/envd",
            Limits = new SandboxLimits(2, 1024, 0, 1024), AllowInternet = true, Volume = new VolumeBind("/data/volumes/v/files", "/workspace"),
        };

        var mounts = DockerSpec.Create(spec, new DockerSite("network", PublishesEnvd: false, HasIPv6: true, LimitsDisks: false)).HostConfig!.Mounts!;

        Assert.Equal(
            [("bind", "/data/envd", "/opt/moru/envd", (bool?)true), ("bind", "/data/volumes/v/files", "/workspace", null)],
            mounts.Select(mount => (mount.Type, mount.Source, mount.Target, mount.ReadOnly)));
    }

    private static string Team(Node node) => node.Runtime.Teams.First.Id;

    private static Task<Node> OpenAsync() => Node.OpenAsync(options => options with { VolumeImages = false });

    private static Task<SandboxRecord> AttachAsync(Node node, VolumeRecord volume) => node.Sandboxes.CreateAsync(
        new SandboxRequest { TemplateId = "base", Timeout = TimeSpan.FromHours(1), VolumeId = volume.Id, VolumeMountPath = "/workspace" }, Node.Cancel);

    private static Task<(string Path, long Size)> UploadAsync(Node node, VolumeRecord volume, string path, byte[] content) =>
        node.Runtime.Volumes.UploadAsync(Team(node), volume.Id, path, new MemoryStream(content), Node.Cancel);
}
