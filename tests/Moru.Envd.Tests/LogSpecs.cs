using System.Net;
using System.Text;
using Moru.Protocol;

namespace Moru.Envd.Tests;

/// <summary>The log of what processes did and printed, which the server fetches.</summary>
public sealed class LogSpecs : IAsyncLifetime
{
    private readonly LoopbackEnvd _envd = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _envd.InitializeAsync();

    public ValueTask DisposeAsync() => _envd.DisposeAsync();

    [Fact]
    public async Task A_process_is_logged_from_its_start_to_its_end()
    {
        var run = await _envd.RunAsync(new StartRequest { Process = new ProcessConfig { Cmd = "/bin/sh", Args = ["-c", "echo out; echo err >&2; exit 3"], Cwd = "/tmp" } }, user: "root");

        var entries = await ReadAsync();

        Assert.Equal(["process_start", "stdout", "stderr", "process_end"], entries.Select(entry => entry.EventType));
        Assert.Equal([1L, 2L, 3L, 4L], entries.Select(entry => entry.Sequence));
        Assert.Equal(("out\n", "err\n"), (entries[1].Message, entries[2].Message));
        Assert.Equal("/bin/sh -c echo out; echo err >&2; exit 3", entries[0].Fields["command"]);
        Assert.Equal(("root", "/tmp"), (entries[0].Fields["user"], entries[0].Fields["cwd"]));
        Assert.Equal("""{"exit_code":3,"error":"exit status 3"}""", entries[3].Fields["process_result"]);
        Assert.All(entries, entry => Assert.Equal((run.Pid.ToString(), "1"), (entry.Fields["pid"], entry.Fields["operation_id"])));
    }

    [Fact]
    public async Task A_process_that_succeeds_has_no_error()
    {
        await _envd.ShAsync("exit 0");

        Assert.Equal("""{"exit_code":0}""", (await ReadAsync())[^1].Fields["process_result"]);
    }

    [Fact]
    public async Task Output_is_text_also_when_a_character_comes_in_pieces()
    {
        // Four bytes of one character with time between them, and a byte that begins nothing.
        await _envd.ShAsync(@"printf 'a\360'; sleep 0.05; printf '\237'; sleep 2.2; printf '\230'; sleep 0.05; printf '\200b\377'");

        Assert.Equal(["a", "\U0001F600b\uFFFD"], await OutputAsync());
    }

    [Fact]
    public async Task Output_of_a_process_that_goes_on_is_logged_within_seconds()
    {
        await using var talk = await Conversation.StartAsync(_envd, Commands.Bash("echo early; exec sleep 60"));
        await talk.ShowsAsync("early");

        await Eventually.TrueAsync(async () => (await ReadAsync(flush: false)).Any(entry => entry.Message == "early\n"), "the output is logged without the end");
    }

    [Fact]
    public async Task Output_comes_in_entries_of_64_KiB_at_most_and_whole()
    {
        await _envd.ShAsync("seq 100000");

        var output = await OutputAsync();

        Assert.Equal(string.Concat(Enumerable.Range(1, 100_000).Select(i => $"{i}\n")), string.Concat(output));
        Assert.InRange(output.Count, 9, 20);
        Assert.All(output, text => Assert.InRange(Encoding.UTF8.GetByteCount(text), 1, 64 << 10));
    }

    [Fact]
    public async Task What_a_terminal_shows_is_not_logged()
    {
        await using (var terminal = await Conversation.InTerminalAsync(_envd, "/bin/sh", "-c", "echo secret; exit 0")) await terminal.EndAsync();

        Assert.Equal(["process_start", "process_end"], (await ReadAsync()).Select(entry => entry.EventType));
    }

    [Fact]
    public async Task A_reader_goes_on_where_another_ended()
    {
        await _envd.ShAsync("echo one");
        var first = await ReadAsync();
        await _envd.ShAsync("echo two");

        var next = await ReadAsync(after: first[^1].Sequence);

        Assert.Equal(["process_start", "stdout", "process_end"], next.Select(entry => entry.EventType));
        Assert.Equal("two\n", next[1].Message);
    }

    [Fact]
    public async Task One_that_follows_hears_what_comes()
    {
        var entries = _envd.Client.LogsAsync(0, follow: true, Cancel).GetAsyncEnumerator(Cancel);
        await using (entries)
        {
            var next = entries.MoveNextAsync();
            await _envd.ShAsync("echo later");

            Assert.True(await next.AsTask().WaitAsync(Eventually.Limit, Cancel));
            Assert.Equal("process_start", entries.Current?.EventType);
            Assert.True(await entries.MoveNextAsync());
            Assert.Equal("later\n", entries.Current?.Message);
        }
    }

    [Fact]
    public async Task A_flood_costs_little_memory_and_says_what_is_missing()
    {
        await _envd.ShAsync("yes | head -c 300000000; echo; echo last", timeout: TimeSpan.FromMinutes(2));
        for (var i = 0; i < 20; i++) await _envd.ShAsync(":");

        var entries = await ReadAsync();

        Assert.Equal(LogEvents.Dropped, entries[0].EventType);
        Assert.Equal($"{entries[0].Sequence} log entries were dropped: they came faster than they could be kept", entries[0].Message);
        Assert.EndsWith("last\n", entries.Last(entry => entry.EventType == LogEvents.Stdout).Message, StringComparison.Ordinal);
        Assert.Equal(Enumerable.Range((int)entries[0].Sequence, entries.Count).Select(i => (long)i), entries.Select(entry => entry.Sequence));
        Assert.InRange(entries.Sum(entry => (long)entry.Message.Length), 1, 4 << 20);
        Assert.InRange(_envd.MemoryKiB("VmHWM"), 0, 96_000);
    }

    [Fact]
    public async Task Many_processes_that_print_a_little_share_the_bound()
    {
        const int Size = 60_000;
        var running = new List<Conversation>();
        for (var i = 0; i < 100; i++) running.Add(await Conversation.StartAsync(_envd, Commands.Bash($"head -c {Size} /dev/zero | tr '\\0' x; exec sleep 60")));
        foreach (var process in running) await Eventually.TrueAsync(() => process.Seen.Length == Size);

        Assert.InRange((await ReadAsync()).Sum(entry => (long)entry.Message.Length), Size, 4 << 20);

        foreach (var process in running) await process.DisposeAsync();
    }

    [Fact]
    public async Task A_long_command_is_named_by_its_beginning()
    {
        await _envd.ShAsync("true " + new string('x', 100_000));

        Assert.Equal(4097, (await ReadAsync())[0].Fields["command"].Length);
    }

    [Fact]
    public async Task Nobody_reads_it_without_the_token()
    {
        await _envd.ShAsync("echo secret");
        await _envd.Client.InitAsync(new InitRequest { AccessToken = "token" }, Cancel);

        using var missing = await _envd.SendAsync("GET", "logs?follow=false");
        using var right = await _envd.SendAsync("GET", "logs?follow=false", (Headers.AccessToken, "token"));

        await missing.AssertErrorAsync(HttpStatusCode.Unauthorized, "missing X-Access-Token header");
        Assert.Contains("secret", await right.TextAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("x")]
    [InlineData("99999999999999999999")]
    public async Task A_cursor_that_is_no_number_is_refused(string cursor)
    {
        using var answer = await _envd.SendAsync("GET", $"logs?cursor={cursor}");

        await answer.AssertErrorAsync(HttpStatusCode.BadRequest, "invalid cursor");
    }

    private async Task<IReadOnlyList<string>> OutputAsync() =>
        [.. (await ReadAsync()).Where(entry => entry.EventType == LogEvents.Stdout).Select(entry => entry.Message)];

    private async Task<List<ProcessLogEntry>> ReadAsync(long after = 0, bool flush = true)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        if (!flush) patience.CancelAfter(TimeSpan.FromSeconds(1));
        var entries = new List<ProcessLogEntry>();
        try
        {
            await foreach (var entry in _envd.Client.LogsAsync(after, follow: !flush, patience.Token)) entries.Add(entry!);
        }
        catch (OperationCanceledException) when (!Cancel.IsCancellationRequested)
        {
            // Whoever follows leaves when it has seen enough.
        }

        return entries;
    }
}
