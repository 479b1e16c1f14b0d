using System.Net;
using System.Net.Http.Json;
using Moru.Protocol;

namespace Moru.Mcp.Tests;

/// <summary>A server and a container that are killed with SIGKILL while a volume is written.</summary>
public sealed class VolumeCrash : KilledServer
{
    private string? volume;

    [Fact]
    public async Task What_was_confirmed_is_there_and_what_was_not_is_there_whole_or_not_at_all()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root can mount a volume, and clean up what sandboxes leave in one.");
        await using var doomed = await ServeAsync();
        using (var api = Api())
        {
            volume = await MakeVolumeAsync(api);
            Assert.Equal(HttpStatusCode.Created, await UploadAsync(api, "/confirmed", new ByteArrayContent(new byte[10 << 20])));
            using var endless = new EndlessStream();
            var interrupted = UploadAsync(api, "/confirmed", new StreamContent(endless));
            await Eventually.TrueAsync(() => Task.FromResult(endless.Taken > 20 << 20), "the upload is under way");

            await doomed.KillAsync();
            await Assert.ThrowsAsync<HttpRequestException>(() => interrupted);
        }

        await using var heir = await ServeAsync();
        using var after = Api();
        var files = (await after.GetFromJsonAsync($"volumes/{volume}/files", ApiJson.Default.VolumeFileList, Cancelled))!.Files;
        Assert.Equal(("confirmed", 10 << 20), (Assert.Single(files).Name, files[0].Size));
        Assert.Equal(HttpStatusCode.Created, await UploadAsync(after, "/next", new ByteArrayContent([1])));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(DataDirectory, "volumes", volume, "uploads")));
    }

    [Fact]
    public async Task A_sandbox_writes_on_through_the_crash_of_the_server_and_loses_nothing_in_its_own()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root can mount a volume, and clean up what sandboxes leave in one.");
        await using var doomed = await ServeAsync();
        using var api = Api();
        volume = await MakeVolumeAsync(api);
        using var client = Client();
        var sandbox = await client.CreateSandboxAsync(options: new() { VolumeId = volume, VolumeMountPath = "/workspace", Timeout = TimeSpan.FromMinutes(10) }, cancellationToken: Cancelled);
        await sandbox.Commands.RunAsync("nohup sh -c 'i=0; while :; do i=$((i + 1)); echo $i >> /workspace/numbers; done' > /dev/null 2>&1 &", cancellationToken: Cancelled);

        await doomed.KillAsync();
        var seen = Numbers();
        await Eventually.TrueAsync(() => Task.FromResult(Numbers() > seen), "it writes while there is no server");
        await using var heir = await ServeAsync();
        seen = Numbers();
        await DockerAsync("kill", "--signal", "KILL", "moru-" + sandbox.SandboxId);

        using var after = Api();
        await Eventually.TrueAsync(async () => await UploadAsync(after, "/free", new ByteArrayContent([1])) is HttpStatusCode.Created, "the volume is free");
        var kept = (await after.GetStringAsync($"volumes/{volume}/files/download?path=/numbers", Cancelled)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(kept.Length >= seen, $"{kept.Length} of {seen}");
        Assert.Equal(Enumerable.Range(1, kept.Length).Select(i => i.ToString(System.Globalization.CultureInfo.InvariantCulture)), kept);

        int Numbers()
        {
            var file = Path.Combine(DataDirectory, "volumes", volume, "files/numbers");
            return File.Exists(file) ? File.ReadLines(file).Count() : 0;
        }
    }

    protected override async Task CleanUpAsync(HttpClient api)
    {
        if (volume is not null) (await api.DeleteAsync(new Uri($"volumes/{volume}", UriKind.Relative), CancellationToken.None)).Dispose();
    }

    private static async Task<string> MakeVolumeAsync(HttpClient api)
    {
        using var made = await api.PostAsJsonAsync("volumes", new NewVolume("data"), ApiJson.Default.NewVolume, Cancelled);
        return (await made.Content.ReadFromJsonAsync(ApiJson.Default.VolumeDetail, Cancelled))!.VolumeId;
    }

    private async Task<HttpStatusCode> UploadAsync(HttpClient api, string path, HttpContent content)
    {
        using (content)
        using (var answer = await api.PutAsync(new Uri($"volumes/{volume}/files/upload?path={path}", UriKind.Relative), content, CancellationToken.None))
            return answer.StatusCode;
    }

    /// <summary>Bytes without an end.</summary>
    private sealed class EndlessStream : MemoryStream
    {
        private long taken;

        public long Taken => Volatile.Read(ref taken);

        public override bool CanSeek => false;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(1, cancellationToken); // the volume is not to be full before the crash
            Interlocked.Add(ref taken, buffer.Length);
            return buffer.Length;
        }
    }
}
