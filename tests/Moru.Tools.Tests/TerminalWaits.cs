namespace Moru.Tools.Tests;

/// <summary>What <c>wait_for</c> of a terminal finds.</summary>
public sealed class TerminalWaits(ToolTests.Shared shared) : ToolTests(shared), IClassFixture<ToolTests.Shared>
{
    [Theory]
    [InlineData("clear; seq 1 600\n", "^300$", "300")]
    [InlineData("seq 1 20000\n", "^9999$", "")]
    [InlineData("sleep 1\n", @"\$", "$ sleep 1\n")]
    [InlineData("sleep 1; echo done\n", "done", "\ndone\n")]
    [InlineData("echo aft''er\n", @"^after\n.*\$ $", "\nafter\n")]
    [InlineData("echo", "echo$", "$ echo")]
    [InlineData("echo form\feed\n", "^formeed$", "\nformeed\n")]
    [InlineData("echo 'line\u2028end'\n", "^line.end$", "\nline\\u{2028}end\n")]
    public async Task What_is_waited_for_comes_after_what_was_typed(string text, string pattern, string shown)
    {
        var open = await OpenAsync();

        var screen = await UseAsync(new { pid = open.Pid, text, wait_for = pattern });

        Assert.Null(screen.Note);
        Assert.Contains(shown, $"{screen.Scrolled}\n{screen.Screen}\n", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_prompt_is_waited_for_with_its_blank()
    {
        var python = await Tools.CallAsync<TerminalScreen>("open_terminal", new { command = "python3 -q" });

        var screen = await UseAsync(new { pid = python.Pid, text = "import time; time.sleep(1); 6 * 7\n", wait_for = ">>> $" });

        Assert.Null(screen.Note);
        Assert.Contains("\n42\n>>>", screen.Screen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_not_seen_yet_is_found_without_typing()
    {
        var open = await OpenAsync();
        await UseAsync(new { pid = open.Pid, text = "until [ -e /tmp/list ]; do sleep 0.05; done; seq 1 200\n", wait_seconds = 0 });
        await Tools.RunAsync("touch /tmp/list");

        var screen = await UseAsync(new { pid = open.Pid, wait_for = "^100$" });

        Assert.Null(screen.Note);
    }

    [Fact]
    public async Task A_terminal_that_closes_does_not_blame_the_time()
    {
        var open = await OpenAsync();

        var closed = await UseAsync(new { pid = open.Pid, text = "exit 3\n", wait_for = "never" });

        Assert.Equal((true, 3), (closed.Closed, closed.ExitCode));
        Assert.Equal("`never` had not appeared when the terminal closed. The terminal is closed; open another with open_terminal.", closed.Note);
    }

    private Task<TerminalScreen> OpenAsync() => Tools.CallAsync<TerminalScreen>("open_terminal", new { });

    private Task<TerminalScreen> UseAsync(object arguments) => Tools.CallAsync<TerminalScreen>("use_terminal", arguments);
}
