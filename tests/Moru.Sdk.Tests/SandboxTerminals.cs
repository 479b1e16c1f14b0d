using System.Text;

namespace Moru.Sdk.Tests;

public sealed class SandboxTerminals(ServerFixture fixture) : IAsyncLifetime
{
    private readonly StringBuilder screen = new();
    private Sandbox sandbox = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => sandbox = await fixture.Client.CreateSandboxAsync(cancellationToken: Cancelled);

    public ValueTask DisposeAsync() => sandbox.DisposeAsync();

    [Fact]
    public async Task A_terminal_shows_what_its_shell_does_with_what_is_typed()
    {
        await using var terminal = await sandbox.Pty.CreateAsync(new() { OnData = Show }, Cancelled);

        await terminal.SendInputAsync("echo $((40 + 2)) $TERM\nexit 4\n", Cancelled);

        Assert.Equal(4, await terminal.WaitAsync(Cancelled));
        Assert.Contains("42 xterm-256color", Screen(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_size_is_told_to_the_programs()
    {
        await using var terminal = await sandbox.Pty.CreateAsync(new() { Cols = 100, Rows = 30, OnData = Show }, Cancelled);
        await terminal.SendInputAsync("echo size $(stty size)\n", Cancelled);
        await Eventually.TrueAsync(() => Screen().Contains("size 30 100", StringComparison.Ordinal));

        await terminal.ResizeAsync(120, 40, Cancelled);
        await terminal.SendInputAsync("echo size $(stty size)\n", Cancelled);

        await Eventually.TrueAsync(() => Screen().Contains("size 40 120", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_command_has_a_terminal_and_ends_it()
    {
        await using var terminal = await sandbox.Pty.StartAsync("tty && id -un && exit 6", new() { User = "root", Cwd = "/tmp", OnData = Show }, Cancelled);

        Assert.Equal(6, await terminal.WaitAsync(Cancelled));
        Assert.Matches(@"/dev/pts/\d+\s+root", Screen());
    }

    [Fact]
    public async Task Output_is_bytes_and_can_be_enumerated()
    {
        await using var terminal = await sandbox.Pty.StartAsync(@"printf '\xff\x00A'", cancellationToken: Cancelled);

        var bytes = new List<byte>();
        await foreach (var piece in terminal.OutputAsync(Cancelled)) bytes.AddRange(piece.ToArray());

        Assert.Equal([0xff, 0x00, 0x41], bytes);
        Assert.Equal(0, await terminal.WaitAsync(Cancelled));
    }

    [Fact]
    public async Task A_terminal_is_killed_by_handle_and_by_id()
    {
        await using var one = await sandbox.Pty.CreateAsync(new() { OnData = Show }, Cancelled);
        await using var other = await sandbox.Pty.CreateAsync(new() { OnData = Show }, Cancelled);

        Assert.True(await one.KillAsync(Cancelled));
        Assert.True(await sandbox.Pty.KillAsync(other.Pid, Cancelled));

        Assert.Equal(-1, await one.WaitAsync(Cancelled));
        Assert.Equal(-1, await other.WaitAsync(Cancelled));
        await Assert.ThrowsAsync<NotFoundException>(() => one.SendInputAsync("x", Cancelled));
        Assert.False(await other.KillAsync(Cancelled));
    }

    [Fact]
    public async Task A_terminal_that_was_let_go_stays_open_and_is_taken_hold_of_again()
    {
        var terminal = await sandbox.Pty.CreateAsync(new() { OnData = Show }, Cancelled);
        await terminal.DisconnectAsync();

        await using var again = await sandbox.Pty.ConnectAsync(terminal.Pid, Show, Cancelled);
        await again.SendInputAsync("echo back-$((1 + 1))\n", Cancelled);

        await Eventually.TrueAsync(() => Screen().Contains("back-2", StringComparison.Ordinal));
        await again.KillAsync(Cancelled);
    }

    [Fact]
    public async Task A_terminal_ends_with_its_timeout()
    {
        await using var terminal = await sandbox.Pty.CreateAsync(new() { Timeout = TimeSpan.FromSeconds(1), OnData = Show }, Cancelled);

        await Assert.ThrowsAsync<SandboxTimeoutException>(() => terminal.WaitAsync(Cancelled));
    }

    [Fact]
    public async Task A_terminal_without_a_size_is_refused() =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => sandbox.Pty.CreateAsync(new() { Cols = 0 }, Cancelled));

    private void Show(ReadOnlyMemory<byte> data)
    {
        lock (screen) screen.Append(Encoding.UTF8.GetString(data.Span));
    }

    private string Screen()
    {
        lock (screen) return screen.ToString();
    }
}
