using System.Security.Cryptography;
using Moru.Protocol;

namespace Moru.Sdk.Tests;

/// <summary>Volumes: directories that outlive sandboxes.</summary>
public sealed class Volumes(ServerFixture fixture) : IAsyncLifetime
{
    private Volume volume = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => volume = await fixture.Client.CreateVolumeAsync("v" + Guid.NewGuid().ToString("n"), Cancelled);

    public async ValueTask DisposeAsync() => await volume.DeleteAsync(CancellationToken.None);

    [Fact]
    public async Task A_name_leads_to_one_volume_however_often_it_is_made()
    {
        var again = await fixture.Client.CreateVolumeAsync(volume.Name, Cancelled);

        Assert.StartsWith("vol_", volume.VolumeId, StringComparison.Ordinal);
        Assert.Equal((volume.VolumeId, volume.CreatedAt), (again.VolumeId, again.CreatedAt));
    }

    [Fact]
    public async Task A_volume_is_found_by_its_id_and_by_its_name()
    {
        Assert.Equal(volume.Name, (await fixture.Client.GetVolumeAsync(volume.VolumeId, Cancelled)).Name);
        Assert.Equal(volume.VolumeId, (await fixture.Client.GetVolumeAsync(volume.Name, Cancelled)).VolumeId);

        await Assert.ThrowsAsync<NotFoundException>(() => fixture.Client.GetVolumeAsync("no-such-volume", Cancelled));
    }

    [Fact]
    public async Task A_name_that_is_none_is_refused() =>
        await Assert.ThrowsAsync<InvalidArgumentException>(() => fixture.Client.CreateVolumeAsync("No Name", Cancelled));

    [Fact]
    public async Task A_volume_is_listed_until_it_is_deleted()
    {
        Assert.Contains(volume.Name, await fixture.Client.ListVolumesAsync(Cancelled).Select(listed => listed.Name).ToListAsync(Cancelled));

        Assert.True(await volume.DeleteAsync(Cancelled));

        Assert.DoesNotContain(volume.Name, await fixture.Client.ListVolumesAsync(Cancelled).Select(listed => listed.Name).ToListAsync(Cancelled));
        Assert.False(await fixture.Client.DeleteVolumeAsync(volume.Name, Cancelled));
    }

    [Fact]
    public async Task What_is_uploaded_is_listed_and_downloaded()
    {
        Assert.Equal(new UploadedVolumeFile("/data/text", 5), await volume.UploadAsync("/data//text", "héll", Cancelled));
        await volume.UploadAsync("/data/bytes", new byte[] { 1, 2 }, Cancelled);
        await volume.UploadAsync("/data/sub/empty", "", Cancelled);

        var files = await volume.ListFilesAsync("/data", Cancelled).ToListAsync(Cancelled);
        Assert.Equal(
            [("bytes", VolumeFileType.File, 2), ("sub", VolumeFileType.Directory, null), ("text", VolumeFileType.File, 5)],
            files.Select(file => (file.Name, file.Type, file.Size)));
        Assert.Equal("/data/bytes", files[0].Path);
        Assert.Equal("héll"u8.ToArray(), await volume.DownloadAsync("/data/text", Cancelled));
        Assert.Empty(await volume.DownloadAsync("/data/sub/empty", Cancelled));
    }

    [Fact]
    public async Task A_volume_knows_its_size()
    {
        Assert.Equal((0, 0), (volume.TotalSizeBytes, volume.TotalFileCount));
        await volume.UploadAsync("/a", new byte[1000], Cancelled);
        await volume.UploadAsync("/b/c", new byte[234], Cancelled);

        await Eventually.TrueAsync(
            async () => await fixture.Client.GetVolumeAsync(volume.VolumeId, Cancelled) is { TotalSizeBytes: 1234, TotalFileCount: 2 } now && now.UpdatedAt > volume.CreatedAt);
    }

    [Fact]
    public async Task A_directory_is_listed_in_pages()
    {
        foreach (var name in new[] { "c", "a", "b" }) await volume.UploadAsync("/" + name, name, Cancelled);

        var first = await volume.ListFilePageAsync("/", limit: 2, cancellationToken: Cancelled);
        var second = await volume.ListFilePageAsync("/", limit: 2, first.NextToken, Cancelled);

        Assert.Equal(["a", "b"], first.Files.Select(file => file.Name));
        Assert.Equal(["c"], second.Files.Select(file => file.Name));
        Assert.Null(second.NextToken);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => volume.ListFilePageAsync("/", limit: 1001, cancellationToken: Cancelled));
    }

    [Fact]
    public async Task A_stream_goes_in_and_out_as_it_comes()
    {
        var content = RandomNumberGenerator.GetBytes(20 << 20);

        Assert.Equal(content.Length, (await volume.UploadAsync("/large", new MemoryStream(content), Cancelled)).Size);
        await using var stream = await volume.OpenReadAsync("/large", Cancelled);

        Assert.Equal(SHA256.HashData(content), await SHA256.HashDataAsync(stream, Cancelled));
    }

    [Fact]
    public async Task A_directory_is_deleted_with_its_content_only_when_asked_to()
    {
        await volume.UploadAsync("/dir/file", "x", Cancelled);

        var error = await Assert.ThrowsAsync<SandboxException>(() => volume.DeleteFileAsync("/dir", cancellationToken: Cancelled));
        Assert.Contains("not empty", error.Message, StringComparison.Ordinal);
        await volume.DeleteFileAsync("/dir", recursive: true, Cancelled);
        await volume.DeleteFileAsync("/dir", cancellationToken: Cancelled);

        Assert.Empty(await volume.ListFilesAsync(cancellationToken: Cancelled).ToListAsync(Cancelled));
    }

    [Fact]
    public async Task What_is_not_there_or_no_file_is_said_to_be()
    {
        await volume.UploadAsync("/dir/file", "x", Cancelled);

        Assert.Contains("nothing", (await Assert.ThrowsAsync<NotFoundException>(() => volume.DownloadAsync("/nothing", Cancelled))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<NotFoundException>(() => volume.OpenReadAsync("/nothing", Cancelled));
        await Assert.ThrowsAsync<InvalidArgumentException>(() => volume.DownloadAsync("/dir", Cancelled));
        await Assert.ThrowsAsync<InvalidArgumentException>(() => volume.UploadAsync("/dir", "x", Cancelled));
        await Assert.ThrowsAsync<InvalidArgumentException>(() => volume.UploadAsync("relative", "x", Cancelled));
        await Assert.ThrowsAsync<NotFoundException>(() => volume.ListFilePageAsync("/nothing", cancellationToken: Cancelled));
    }

    [Fact]
    public async Task A_mounted_volume_is_written_in_its_sandbox_and_read_from_outside()
    {
        await volume.UploadAsync("/before", "from outside", Cancelled);
        await using (var sandbox = await fixture.Client.CreateSandboxAsync(options: new() { VolumeId = volume.VolumeId, VolumeMountPath = "/workspace" }, cancellationToken: Cancelled))
        {
            Assert.Equal("from outside", await sandbox.Files.ReadTextAsync("/workspace/before", cancellationToken: Cancelled));
            await sandbox.Commands.RunAsync("echo $MORU_VOLUME_ID > /workspace/inside", cancellationToken: Cancelled);
            Assert.Equal(volume.VolumeId + "\n", System.Text.Encoding.UTF8.GetString(await volume.DownloadAsync("/inside", Cancelled)));

            var error = await Assert.ThrowsAsync<SandboxException>(() => volume.UploadAsync("/late", "x", Cancelled));
            Assert.Contains("attached", error.Message, StringComparison.Ordinal);
        }

        await volume.UploadAsync("/late", "x", Cancelled);
        Assert.Equal(["before", "inside", "late"], await volume.ListFilesAsync(cancellationToken: Cancelled).Select(file => file.Name).ToListAsync(Cancelled));
    }

    [Fact]
    public async Task A_request_of_a_volume_has_its_own_limit_of_time()
    {
        var error = await Assert.ThrowsAsync<SandboxTimeoutException>(
            () => volume.With(new() { RequestTimeout = TimeSpan.FromTicks(1) }).DownloadAsync("/a", Cancelled));

        Assert.Contains($"GET /volumes/{volume.VolumeId}/files/download", error.Message, StringComparison.Ordinal);
    }
}
