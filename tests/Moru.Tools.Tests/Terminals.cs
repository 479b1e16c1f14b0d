namespace Moru.Tools.Tests;

public sealed class Terminals(ToolTests.Shared shared) : ToolTests(shared), IClassFixture<ToolTests.Shared>
{
    [Covers("open_terminal", "pty.create(cols, rows, on_data)")]
    [Covers("use_terminal(text)", "pty handle.send_input()")]
    [Fact]
    public async Task A_shell_shows_its_screen_and_takes_text_and_keys()
    {
        var open = await Tools.CallAsync<TerminalScreen>("open_terminal", new { });
        var typed = await UseAsync(new { pid = open.Pid, text = "echo $((6*7))\n", wait_for = @"^42\n.*\$ $" });
        var closed = await UseAsync(new { pid = open.Pid, keys = "Ctrl+D" });

        Assert.EndsWith("$", open.Screen, StringComparison.Ordinal);
        Assert.Contains("\n42\n", typed.Screen, StringComparison.Ordinal);
        Assert.Equal((true, 0), (closed.Closed, closed.ExitCode));
        Assert.Contains("no open terminal", await Tools.FailAsync("use_terminal", new { pid = open.Pid }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_that_starts_slowly_is_waited_for()
    {
        var open = await Tools.CallAsync<TerminalScreen>("open_terminal", new { command = "sleep 1; echo ready; read line" });

        Assert.Equal("ready", open.Screen.Trim());
    }

    [Fact]
    public async Task Questions_of_a_program_to_its_terminal_are_answered()
    {
        var open = await Tools.CallAsync<TerminalScreen>("open_terminal", new { command = @"for i in 1 2 3; do printf '\e[6n'; IFS= read -rsd R place; echo ""at ${place#*[}""; done" });

        Assert.Equal("at 1;1\nat 2;1\nat 3;1", open.Screen.Trim());
    }

    [Covers("kill_command", "pty handle.kill()")]
    [Covers("open_terminal(command)", "pty.start(command, cols, rows, on_data)")]
    [Fact]
    public async Task A_program_that_asks_is_answered_and_interrupted()
    {
        var python = await Tools.CallAsync<TerminalScreen>("open_terminal", new { command = "python3 -q" });
        var asked = await UseAsync(new { pid = python.Pid, text = "name = input('Name? ')\n", wait_for = @"Name\? $" });
        var answered = await UseAsync(new { pid = python.Pid, text = "Ada\nprint(name.upper())\n", wait_for = "^ADA" });
        await UseAsync(new { pid = python.Pid, text = "while True: pass\n\n", wait_seconds = 1 });
        var interrupted = await UseAsync(new { pid = python.Pid, keys = "Ctrl+C", wait_for = "KeyboardInterrupt" });

        Assert.Null(asked.Note);
        Assert.EndsWith("Name?", asked.Screen, StringComparison.Ordinal);
        Assert.Equal((asked.Screen.Split('\n').Length, 7), (asked.CursorRow, asked.CursorColumn));
        Assert.Contains("ADA", answered.Screen, StringComparison.Ordinal);
        Assert.Null(interrupted.Note);
        Assert.True((await Tools.CallAsync<KilledCommand>("kill_command", new { pid = python.Pid })).Killed);
    }

    [Fact]
    public async Task A_full_screen_program_is_seen_as_it_draws_and_leaves_the_screen_as_it_was()
    {
        await Tools.RunAsync("seq 1 200 > numbers.txt");
        var open = await Tools.CallAsync<TerminalScreen>("open_terminal", new { rows = 10, columns = 40 });

        var less = await UseAsync(new { pid = open.Pid, text = "less numbers.txt\n", wait_for = "^numbers.txt" });
        var end = await UseAsync(new { pid = open.Pid, keys = "G", wait_for = "END" });
        var back = await UseAsync(new { pid = open.Pid, keys = "q", wait_for = @"\$ $" });

        Assert.StartsWith("1\n2\n3\n", less.Screen, StringComparison.Ordinal);
        Assert.Contains("200\n", end.Screen, StringComparison.Ordinal);
        Assert.Contains("$ less numbers.txt", back.Screen, StringComparison.Ordinal);
        Assert.DoesNotContain("199", back.Screen, StringComparison.Ordinal);
    }

    [Covers("use_terminal(columns)", "pty handle.resize()")]
    [Fact]
    public async Task What_has_left_the_screen_is_shown_once_and_the_size_can_change()
    {
        var open = await Tools.CallAsync<TerminalScreen>("open_terminal", new { rows = 5 });

        var scrolled = await UseAsync(new { pid = open.Pid, text = "seq 1 30\n", wait_for = "^30$" });
        var again = await UseAsync(new { pid = open.Pid });
        var sized = await UseAsync(new { pid = open.Pid, text = "clear; stty size\n", columns = 100, rows = 12, wait_for = "^12 100" });

        Assert.Contains("\n1\n2\n3\n", scrolled.Scrolled, StringComparison.Ordinal);
        Assert.Null(again.Scrolled);
        Assert.Null(sized.Note);
    }

    [Fact]
    public async Task A_pattern_that_does_not_come_is_told_after_the_wait()
    {
        var open = await Tools.CallAsync<TerminalScreen>("open_terminal", new { });

        var screen = await UseAsync(new { pid = open.Pid, wait_for = "never", wait_seconds = 1 });

        Assert.Equal("`never` did not appear within 1 s.", screen.Note);
        Assert.Contains("`wait_for` is not a regular expression", await Tools.FailAsync("use_terminal", new { pid = open.Pid, wait_for = "(" }), StringComparison.Ordinal);
        Assert.StartsWith("`wait_for` has 1001 characters; it may have 1000. ", await Tools.FailAsync("use_terminal", new { pid = open.Pid, wait_for = new string('x', 1_001) }), StringComparison.Ordinal);
        Assert.Contains("There is no key 'Entr'", await Tools.FailAsync("use_terminal", new { pid = open.Pid, keys = "Entr" }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pause_keeps_a_terminal()
    {
        var open = await OpenAsync();
        await UseAsync(new { pid = open.Pid, text = "kept=5\n", wait_for = @"\$ $" });
        await Tools.CallAsync("pause_sandbox", new { });

        var next = await UseAsync(new { pid = open.Pid, text = "echo got $kept\n", wait_for = "^got 5$" });

        Assert.Null(next.Closed);
        Assert.Equal("The connection to the terminal had been lost, as when its sandbox is paused, and with it what it showed meanwhile.", next.Note);
        Assert.Equal(1, System.Text.RegularExpressions.Regex.Count(next.Screen, "^got 5$", System.Text.RegularExpressions.RegexOptions.Multiline));
    }

    [Fact]
    public async Task A_terminal_whose_sandbox_is_paused_while_it_is_waited_for_says_so_and_goes_on()
    {
        var open = await OpenAsync();
        var call = UseAsync(new { pid = open.Pid, text = "touch /tmp/typed; until [ -e /tmp/on ]; do sleep 0.05; done; echo go''ne\n", wait_for = "^gone$", wait_seconds = 60 });
        await Eventually.TrueAsync(async () => (await Tools.RunAsync("ls /tmp/typed")).ExitCode == 0);
        await Tools.CallAsync("pause_sandbox", new { });

        var cut = await call;
        var waiting = UseAsync(new { pid = open.Pid, wait_for = @"^gone\n.*\$ $", wait_seconds = 60 });
        await Tools.RunAsync("touch /tmp/on");

        Assert.Equal((null, $"Sandbox {Tools.SandboxId} was paused meanwhile; the terminal goes on with the next call, which resumes it."), (cut.Closed, cut.Note));
        Assert.Contains("\ngone\n", (await waiting).Screen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lines_that_are_lost_are_told()
    {
        var open = await OpenAsync();

        var screen = await UseAsync(new { pid = open.Pid, text = "seq 1 600\n", wait_for = "^600$" });

        var kept = System.Text.RegularExpressions.Regex.Match(screen.Scrolled!, @"^\[\.\.\. (\d+) lines cut \.\.\.\]\n(\d+)\n");
        Assert.True(kept.Success, screen.Scrolled);
        Assert.Equal(kept.Groups[1].Value, kept.Groups[2].Value); // of the lines before it, one is that of the command
    }

    private Task<TerminalScreen> OpenAsync() => Tools.CallAsync<TerminalScreen>("open_terminal", new { });

    private Task<TerminalScreen> UseAsync(object arguments) => Tools.CallAsync<TerminalScreen>("use_terminal", arguments);
}
