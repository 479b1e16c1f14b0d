using System.Net;
using System.Text.Json;
using Moru.Protocol;

namespace Moru.Envd.Tests;

/// <summary>What must hold in every image, even without a single program of its own: there envd is the program that is run.</summary>
public abstract class ImageSpecs(ContainerEnvd envd, StartRequest program, string output)
{
    protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    protected ContainerEnvd Envd { get; } = envd;

    [Fact]
    public async Task It_starts_a_process() => Assert.Equal((output, 0), await OutcomeAsync());

    [Fact]
    public async Task It_takes_init_and_stays_healthy()
    {
        var init = new InitRequest { EnvVars = new Dictionary<string, string> { ["A"] = "b" }, Timestamp = DateTimeOffset.UtcNow };

        await Envd.Client.InitAsync(init, Cancelled);

        await Envd.Client.HealthAsync(Cancelled);
        Assert.Equal("""{"A":"b"}""", await Envd.GetTextAsync("envs"));
    }

    [Fact]
    public async Task It_writes_reads_and_lists_files()
    {
        var content = new byte[200_000];
        new Random(1).NextBytes(content);

        await Envd.Client.WriteFileAsync("/data/deep/file.bin", new ByteArrayContent(content), null, Cancelled);
        using var response = await Envd.Client.OpenFileAsync("/data/deep/file.bin", null, Cancelled);
        var entries = await Envd.Client.ListDirectoryAsync(new ListDirRequest("/data", 2), null, Cancelled);

        Assert.Equal(content, await response.Content.ReadAsByteArrayAsync(Cancelled));
        Assert.Equal([("/data/deep", FileType.Directory, 4096L), ("/data/deep/file.bin", FileType.File, 200_000L)], entries.Select(entry => (entry.Path, entry.Type, entry.Size)));
    }

    [Fact]
    public async Task It_reports_a_missing_program()
    {
        var error = await Assert.ThrowsAsync<ConnectException>(() => Envd.RunAsync(Commands.Program("no-such-program")));

        Assert.Equal(ConnectCode.InvalidArgument, error.Code);
    }

    [Fact]
    public async Task It_survives_a_hundred_processes_and_keeps_no_zombie()
    {
        for (var round = 0; round < 5; round++)
            await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => OutcomeAsync()));

        var processes = await Shell.RunAsync("docker", "top", Envd.Container, "-eo", "pid,stat,comm");
        Assert.DoesNotContain(" Z", processes);
        Assert.Equal(2, processes.Split('\n').Length);
    }

    [Fact]
    public async Task It_cannot_be_written_from_inside()
    {
        var error = await Assert.ThrowsAsync<ConnectException>(
            () => Envd.Client.WriteFileAsync(ContainerEnvd.Mount, new ByteArrayContent([1]), null, Cancelled));

        Assert.Equal(400, error.HttpStatus);
    }

    [Fact]
    public async Task It_reads_a_part_of_a_file()
    {
        await Envd.Client.WriteFileAsync("/parts/part.txt", new StringContent("0123456789"), null, Cancelled);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Envd.Address, "files?path=/parts/part.txt")) { Headers = { Range = new(2, 4) } };

        using var response = await Envd.Http.SendAsync(request, Cancelled);

        Assert.Equal(HttpStatusCode.PartialContent, response.StatusCode);
        Assert.Equal("234", await response.Content.ReadAsStringAsync(Cancelled));
    }

    [Fact]
    public async Task It_makes_describes_moves_and_removes_directories()
    {
        await Envd.Client.MakeDirectoryAsync("/made/one/two", null, Cancelled);
        await Envd.Client.MoveAsync("/made/one", "/made/other/one", null, Cancelled);
        var entry = await Envd.Client.StatAsync("/made/other/one/two", null, Cancelled);
        await Envd.Client.RemoveAsync("/made", null, Cancelled);
        var gone = await Assert.ThrowsAsync<ConnectException>(() => Envd.Client.StatAsync("/made", null, Cancelled));

        Assert.Equal((FileType.Directory, "drwxr-xr-x"), (entry.Type, entry.Permissions));
        Assert.Equal(ConnectCode.NotFound, gone.Code);
    }

    [Fact]
    public async Task It_watches_a_directory()
    {
        await Envd.Client.MakeDirectoryAsync("/watched", null, Cancelled);
        await using var watch = Envd.Client.WatchDirectoryAsync(new WatchDirRequest("/watched"), null, Cancelled).GetAsyncEnumerator(Cancelled);
        Assert.True(await watch.MoveNextAsync() && watch.Current.Start is not null);

        await Envd.Client.WriteFileAsync("/watched/new", new StringContent("new"), null, Cancelled);

        EventType[] expected = [EventType.Create, EventType.Chmod, EventType.Write];
        foreach (var type in expected)
        {
            Assert.True(await watch.MoveNextAsync());
            Assert.Equal(new FilesystemEvent("new", type), watch.Current.Filesystem);
        }
    }

    [Fact]
    public async Task It_keeps_events_for_a_watcher_that_asks_later()
    {
        await Envd.Client.MakeDirectoryAsync("/polled", null, Cancelled);
        var watcher = await Envd.Client.CreateWatcherAsync(new CreateWatcherRequest("/polled", Recursive: true), null, Cancelled);

        await Envd.Client.WriteFileAsync("/polled/deep/new", new StringContent("new"), null, Cancelled);

        var seen = new List<FilesystemEvent>();
        await Eventually.TrueAsync(async () =>
        {
            seen.AddRange(await Envd.Client.GetWatcherEventsAsync(watcher, Cancelled));
            return seen.Contains(new FilesystemEvent("deep/new", EventType.Write));
        });
        await Envd.Client.RemoveWatcherAsync(watcher, Cancelled);
        Assert.Equal(ConnectCode.NotFound, (await Assert.ThrowsAsync<ConnectException>(() => Envd.Client.GetWatcherEventsAsync(watcher, Cancelled))).Code);
    }

    [Fact]
    public async Task It_measures_the_sandbox()
    {
        using var metrics = JsonDocument.Parse(await Envd.GetTextAsync("metrics"));

        long Number(string name) => metrics.RootElement.GetProperty(name).GetInt64();
        Assert.InRange(Number("cpu_count"), 1, 4096);
        Assert.InRange(Number("mem_used"), 1, Number("mem_total"));
        Assert.InRange(Number("disk_used"), 1, Number("disk_total"));
    }

    [Theory]
    [InlineData(Signal.Kill, "signal: killed")]
    [InlineData(Signal.Terminate, "exit status 0")]
    public async Task It_signals_a_process_and_tells_everybody_who_listens(Signal signal, string status)
    {
        var another = new UriBuilder(Envd.Address) { Port = 50123 }.Uri;
        var process = new ProcessSelector { Pid = await Envd.StartAndLeaveAsync(Commands.Program(ContainerEnvd.Mount, "--port", "50123")) };
        await Eventually.TrueAsync(() => Envd.AnswersAsync(another), "the program runs");
        await using var first = Envd.Client.ConnectAsync(process, Cancelled).GetAsyncEnumerator(Cancelled);
        await using var second = Envd.Client.ConnectAsync(process, Cancelled).GetAsyncEnumerator(Cancelled);
        Assert.True(await first.MoveNextAsync() && await second.MoveNextAsync());

        await Envd.Client.SendSignalAsync(process, signal, Cancelled);

        Assert.True(await first.MoveNextAsync() && await second.MoveNextAsync());
        Assert.Equal((status, status), (first.Current.End?.Status, second.Current.End?.Status));
    }

    private async Task<(string Output, int Code)> OutcomeAsync()
    {
        var result = await Envd.RunAsync(program);
        return (result.Stdout, result.End.ExitCode);
    }
}

public sealed class EmptySpecs(EmptyEnvd envd)
    : ImageSpecs(envd, Commands.Program(ContainerEnvd.Mount, "--version"), EnvdVersion.Current + "\n"), IClassFixture<EmptyEnvd>;

public sealed class StopSpecs
{
    [Fact]
    public async Task The_engine_stops_it_without_waiting()
    {
        await using var envd = new EmptyEnvd();
        await envd.InitializeAsync();
        var watch = System.Diagnostics.Stopwatch.StartNew();

        await Shell.RunAsync("docker", "stop", "--time", "10", envd.Container);

        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.Equal("137", await Shell.RunAsync("docker", "inspect", "--format", "{{.State.ExitCode}}", envd.Container));
    }
}
