using System.Threading.Channels;

namespace Moru.Sdk.Tests;

public sealed class SandboxBackgroundCommands(ServerFixture fixture) : IAsyncLifetime
{
    private Sandbox sandbox = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => sandbox = await fixture.Client.CreateSandboxAsync(cancellationToken: Cancelled);

    public ValueTask DisposeAsync() => sandbox.DisposeAsync();

    [Fact]
    public async Task What_is_sent_to_a_command_is_its_input()
    {
        await using var handle = await StartAsync("read line; echo \"got $line\"; read line; echo \"then $line\" >&2");

        await handle.SendStdinAsync("grüße\n", Cancelled);
        await sandbox.Commands.SendStdinAsync(handle.Pid, "more\n", Cancelled);

        var result = await handle.WaitAsync(Cancelled);
        Assert.Equal(("got grüße\n", "then more\n", 0), (result.Stdout, result.Stderr, result.Gaps));
    }

    [Fact]
    public async Task Waiting_for_a_command_that_fails_throws_with_everything_known()
    {
        await using var handle = await StartAsync("echo out; echo err >&2; exit 7");

        var error = await Assert.ThrowsAsync<CommandExitException>(() => handle.WaitAsync(Cancelled));

        Assert.Equal((7, "out\n", "err\n"), (error.ExitCode, error.Stdout, error.Stderr));
    }

    [Fact]
    public async Task A_handle_kills_its_command()
    {
        await using var handle = await StartAsync("sleep 4444");

        Assert.True(await handle.KillAsync(Cancelled));

        Assert.Equal(-1, (await Assert.ThrowsAsync<CommandExitException>(() => handle.WaitAsync(Cancelled))).ExitCode);
        Assert.False(await handle.KillAsync(Cancelled));
    }

    [Fact]
    public async Task Events_are_everything_from_the_start_and_end_with_the_exit()
    {
        await using var handle = await StartAsync("for i in $(seq 200); do echo $i; done; echo no >&2; exit 3");

        var events = await handle.EventsAsync(Cancelled).ToListAsync(Cancelled);

        Assert.Equal(string.Concat(Enumerable.Range(1, 200).Select(i => $"{i}\n")), string.Concat(events.OfType<StdoutEvent>().Select(each => each.Text)));
        Assert.Equal("no\n", string.Concat(events.OfType<StderrEvent>().Select(each => each.Text)));
        Assert.Equal(new ExitEvent(3, "exit status 3"), events[^1]);
        Assert.Equal(events.OfType<ExitEvent>(), (await handle.EventsAsync(Cancelled).ToListAsync(Cancelled)).OfType<ExitEvent>());
    }

    [Fact]
    public async Task A_slow_reader_of_events_holds_up_the_command_and_misses_nothing()
    {
        const int Size = 64 << 20;
        await using var handle = await StartAsync($"read go; head -c {Size} /dev/zero | tr '\\0' x; echo -n done > /tmp/done", new() { OutputLimit = 1000 });
        await using var events = handle.EventsAsync(Cancelled).GetAsyncEnumerator(Cancelled);
        var first = events.MoveNextAsync(); // from here on this reader is waited for
        await handle.SendStdinAsync("go\n", Cancelled);
        Assert.True(await first);

        Assert.False(await sandbox.Files.ExistsAsync("/tmp/done", cancellationToken: Cancelled));
        long received = 0;
        do received += events.Current is StdoutEvent output ? output.Text.Length : 0;
        while (await events.MoveNextAsync());

        Assert.Equal(Size, received);
    }

    [Fact]
    public async Task A_command_outlives_its_handle_and_is_taken_hold_of_again()
    {
        var handle = await StartAsync("while [ ! -e /tmp/go ]; do sleep 0.05; done; echo late; exit 5");
        await handle.DisconnectAsync();
        Assert.Contains("let go", (await Assert.ThrowsAsync<SandboxException>(() => handle.WaitAsync(Cancelled))).Message, StringComparison.Ordinal);

        await using var again = await sandbox.Commands.ConnectAsync(handle.Pid, cancellationToken: Cancelled);
        await sandbox.Files.WriteAsync("/tmp/go", "", cancellationToken: Cancelled);

        var error = await Assert.ThrowsAsync<CommandExitException>(() => again.WaitAsync(Cancelled));
        Assert.Equal((5, "late\n"), (error.ExitCode, error.Stdout));
    }

    [Fact]
    public async Task A_command_that_does_not_run_cannot_be_taken_hold_of()
    {
        await Assert.ThrowsAsync<NotFoundException>(() => sandbox.Commands.ConnectAsync(99999, cancellationToken: Cancelled));
        await Assert.ThrowsAsync<NotFoundException>(() => sandbox.Commands.SendStdinAsync(99999, "x", Cancelled));
    }

    [Fact]
    public async Task Cancelling_the_wait_leaves_the_command_running()
    {
        await using var handle = await StartAsync("sleep 5555");
        using var giveUp = new CancellationTokenSource();
        var wait = handle.WaitAsync(giveUp.Token);

        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
        Assert.Contains(await sandbox.Commands.ListAsync(Cancelled), process => process.Pid == handle.Pid && process.Command == "sleep 5555");
    }

    [Fact]
    public async Task A_command_in_the_background_ends_with_its_timeout()
    {
        await using var handle = await StartAsync("echo begin; sleep 3333", new() { Timeout = TimeSpan.FromSeconds(1) });

        var error = await Assert.ThrowsAsync<SandboxTimeoutException>(() => handle.WaitAsync(Cancelled));

        Assert.Contains("1 s", error.Message, StringComparison.Ordinal);
        Assert.Equal("begin\n", handle.Stdout);
    }

    [Fact]
    public async Task Callbacks_hear_a_command_that_nobody_waits_for()
    {
        var heard = Channel.CreateUnbounded<string>();
        await using var handle = await StartAsync(
            "echo a; echo b >&2; sleep 60", new() { OnStdout = text => heard.Writer.TryWrite("out " + text), OnStderr = text => heard.Writer.TryWrite("err " + text) });

        var both = new[] { await heard.Reader.ReadAsync(Cancelled), await heard.Reader.ReadAsync(Cancelled) };

        Assert.Equal(["err b\n", "out a\n"], both.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_callback_that_fails_ends_a_foreground_command_and_is_told_to_its_caller()
    {
        var error = await Assert.ThrowsAsync<FormatException>(
            () => sandbox.Commands.RunAsync("echo go; sleep 2222", new() { OnStdout = _ => throw new FormatException("mine") }, Cancelled));

        Assert.Equal("mine", error.Message);
        await Eventually.TrueAsync(async () => (await sandbox.Commands.ListAsync(Cancelled)).Count == 0, "the command is killed");
    }

    [Fact]
    public async Task A_lost_connection_is_made_again_and_the_gap_is_counted()
    {
        using var cut = new CutConnections(fixture);
        using var client = new MoruClient(cut.Options);
        await using var handle = await (await client.ConnectSandboxAsync(sandbox.SandboxId, cancellationToken: Cancelled)).Commands.StartAsync(
            "echo before; while [ ! -e /tmp/go ]; do sleep 0.05; done; echo after", cancellationToken: Cancelled);
        await Eventually.TrueAsync(() => handle.Stdout == "before\n");

        var made = cut.Made;
        cut.CutAll();
        await Eventually.TrueAsync(() => cut.Made > made, "a connection is made again");
        await sandbox.Files.WriteAsync("/tmp/go", "", cancellationToken: Cancelled);

        var result = await handle.WaitAsync(Cancelled);
        Assert.StartsWith("before\n", result.Stdout, StringComparison.Ordinal);
        Assert.Equal(1, result.Gaps);
    }

    [Fact]
    public async Task A_handle_says_when_its_sandbox_is_killed()
    {
        await using var handle = await StartAsync("sleep 1111");

        await sandbox.KillAsync(Cancelled);

        var error = await Assert.ThrowsAsync<SandboxTimeoutException>(() => handle.WaitAsync(Cancelled));
        Assert.Contains(sandbox.SandboxId, error.Message, StringComparison.Ordinal);
    }

    private Task<CommandHandle> StartAsync(string command, CommandOptions? options = null) => sandbox.Commands.StartAsync(command, options, Cancelled);
}
