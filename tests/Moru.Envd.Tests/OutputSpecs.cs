using System.Diagnostics;
using System.Net.Http.Headers;
using Moru.Protocol;

namespace Moru.Envd.Tests;

public sealed class OutputSpecs(LoopbackEnvd envd) : IClassFixture<LoopbackEnvd>
{
    private const string Unread = "unread";

    [Fact]
    public async Task A_gigabyte_arrives_whole_and_in_order_with_little_memory()
    {
        const long Size = 1 << 30;
        var line = "0123456789abcde\n"u8.ToArray();
        var total = 0L;
        ProcessEnded? end = null;

        await foreach (var item in envd.Client.StartAsync(
            Commands.Bash($"yes 0123456789abcde | head -c {Size}"), null, TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken))
        {
            var chunk = item.Data?.Stdout ?? default;
            Assert.InRange(chunk.Length, 0, 32 << 10);
            AssertRepeats(line, chunk.Span, total);
            total += chunk.Length;
            end = item.End ?? end;
        }

        Assert.Equal((Size, 0), (total, end?.ExitCode));
        Assert.InRange(envd.MemoryKiB("VmHWM"), 0, 96_000);
    }

    [Fact]
    public async Task A_reader_that_stops_slows_the_process_and_costs_little_memory()
    {
        using var traces = new Traces();
        using var response = await OpenAsync($"yes | head -c 300000000; exec sleep {traces.Seconds}");
        await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        await Shell.RunAsync("sleep", "1");

        Assert.Empty(traces.Living());
        Assert.InRange(envd.MemoryKiB("VmRSS"), 0, 96_000);
        await envd.Client.SendSignalAsync(new ProcessSelector { Tag = Unread }, Signal.Kill, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_process_whose_reader_left_runs_on_at_full_speed()
    {
        using var traces = new Traces();
        using (await OpenAsync($"yes | head -c 300000000; exec sleep {traces.Seconds}"))
            Assert.Empty(traces.Living());

        await Eventually.TrueAsync(() => traces.Living().Count == 1, "the process is through with its output");
    }

    [Fact]
    public async Task A_process_may_be_killed_while_its_reader_sleeps()
    {
        using var traces = new Traces();
        using var response = await OpenAsync($"sleep {traces.Seconds} & yes");
        await Eventually.TrueAsync(() => traces.Living().Count > 0, "the command runs");
        var pid = (await envd.Client.ListProcessesAsync(TestContext.Current.CancellationToken)).Single(process => process.Tag == Unread).Pid;

        await envd.Client.SendSignalAsync(new ProcessSelector { Pid = pid }, Signal.Kill, TestContext.Current.CancellationToken);

        Assert.Empty(traces.Living());
        Assert.False(Directory.Exists($"/proc/{pid}") && File.ReadAllText($"/proc/{pid}/stat").Contains(") R"));
    }

    [Fact]
    public async Task Stdout_and_stderr_each_keep_their_order()
    {
        var result = await envd.ShAsync("for i in $(seq 3000); do echo $i; echo $i >&2; done");

        var expected = string.Concat(Enumerable.Range(1, 3000).Select(i => $"{i}\n"));
        Assert.Equal((expected, expected), (result.Stdout, result.Stderr));
    }

    [Fact]
    public async Task Bytes_that_are_no_text_arrive_unchanged()
    {
        var path = $"{envd.Directory}/random";
        using var output = new MemoryStream();
        var start = Commands.Bash($"head -c 100000 /dev/urandom > {path}; cat {path}");
        await foreach (var item in envd.Client.StartAsync(start, null, null, TestContext.Current.CancellationToken))
            output.Write((item.Data?.Stdout ?? default).Span);

        Assert.Equal(await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken), output.ToArray());
    }

    [Fact]
    public async Task Idle_envd_is_small_and_does_nothing()
    {
        await using var fresh = new LoopbackEnvd();
        await fresh.InitializeAsync();
        using var process = Process.GetProcessById(fresh.Pid);
        var before = process.TotalProcessorTime;
        await Shell.RunAsync("sleep", "2");
        process.Refresh();

        Assert.InRange((process.TotalProcessorTime - before).TotalMilliseconds, 0, 20);
        Assert.InRange(fresh.MemoryKiB("VmRSS"), 1, 25 << 10);
        Assert.InRange(new FileInfo(Artifacts.Envd).Length, 1, 15 << 20);
    }

    private async Task<HttpResponseMessage> OpenAsync(string line)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(envd.Address, "process.Process/Start"));
        var json = System.Text.Json.JsonSerializer.Serialize(Commands.Bash(line) with { Tag = Unread }, EnvdJson.Default.StartRequest);
        request.Content = new ByteArrayContent(RawConnect.Envelope(json)) { Headers = { ContentType = new MediaTypeHeaderValue("application/connect+json") } };
        return await envd.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }

    private static void AssertRepeats(ReadOnlySpan<byte> line, ReadOnlySpan<byte> chunk, long position)
    {
        for (var i = 0; i < chunk.Length; i++)
        {
            if (chunk[i] != line[(int)((position + i) % line.Length)]) Assert.Fail($"byte {position + i} is wrong");
        }
    }
}
