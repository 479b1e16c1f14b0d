using System.Net;
using Moru.Protocol;

namespace Moru.Envd.Tests;

public sealed class TerminalSpecs(LoopbackEnvd envd) : IClassFixture<LoopbackEnvd>
{
    [Fact]
    public async Task A_terminal_has_its_size_its_type_and_its_owner()
    {
        await using var shell = await Conversation.StartAsync(
            envd, Terminals.Sh("tty; stty size; echo $TERM; stat -c '%U %G %a' $(tty); ps -o pid=,pgid=,sid=,tpgid= -p $$ | xargs; echo hi > /dev/tty; echo err >&2; exit 9"), "nobody");

        var end = await shell.EndAsync();

        var lines = shell.Seen.Split("\r\n");
        Assert.StartsWith("/dev/pts/", lines[0]);
        Assert.Equal(["24 80", "xterm-256color", "nobody tty 620", $"{shell.Pid} {shell.Pid} {shell.Pid} {shell.Pid}", "hi", "err", ""], lines[1..]);
        Assert.Equal(new ProcessEnded { ExitCode = 9, Exited = true, Status = "exit status 9", Error = "exit status 9" }, end);
    }

    [Theory]
    [InlineData("""{"size":{"cols":132,"rows":50}}""", "50 132")]
    [InlineData("""{"size":{"cols":65535,"rows":1}}""", "1 65535")]
    [InlineData("""{"size":{}}""", "24 80")]
    [InlineData("""{"size":{"cols":0,"rows":0}}""", "24 80")]
    [InlineData("{}", "24 80")]
    public async Task A_size_that_is_not_given_is_80_by_24(string pty, string size)
    {
        var messages = await envd.StartAsync($$$"""{"process":{"cmd":"stty","args":["size"]},"pty":{{{pty}}}}""");

        var shown = Convert.FromBase64String(messages[1].Json.GetProperty("event").GetProperty("data").GetProperty("pty").GetString()!);
        Assert.Equal(size + "\r\n", System.Text.Encoding.UTF8.GetString(shown));
    }

    [Theory]
    [InlineData("65536", "24")]
    [InlineData("80", "4294967295")]
    [InlineData("-1", "24")]
    [InlineData("80", "4294967296")]
    public async Task A_size_that_no_terminal_has_is_refused(string cols, string rows)
    {
        var size = $$$"""{"size":{"cols":{{{cols}}},"rows":{{{rows}}}}}""";
        await using var process = await Conversation.StartAsync(envd, Terminals.Program("cat"));

        var start = Assert.Single(await envd.StartAsync($$$"""{"process":{"cmd":"true"},"pty":{{{size}}}}"""));
        var (_, update) = await UpdateAsync(process.Pid, size);

        Assert.Equal(("invalid_argument", "invalid_argument"), (start.ErrorCode, update.GetProperty("code").GetString()));
    }

    [Fact]
    public async Task The_callers_terminal_type_wins()
    {
        await using var shell = await Conversation.StartAsync(
            envd, new StartRequest { Process = new ProcessConfig { Cmd = "/bin/sh", Args = ["-c", "echo $TERM"], Envs = new Dictionary<string, string> { ["TERM"] = "dumb" } }, Pty = new Pty(null) });

        await shell.EndAsync();

        Assert.Equal("dumb\r\n", shell.Seen);
    }

    [Fact]
    public async Task A_resize_is_told_to_the_program_in_the_foreground()
    {
        await using var shell = await Conversation.StartAsync(envd, Terminals.Bash());
        await shell.TypeAsync("sh -c 'trap \"stty size\" WINCH; echo read''y; while :; do sleep 0.05; done'\r");
        await shell.ShowsAsync("ready");

        await shell.ResizeAsync(132, 50);

        await shell.ShowsAsync("50 132");
    }

    [Theory]
    [InlineData("""{"size":{"cols":0,"rows":0}}""", "invalid_argument", "0 columns or rows")]
    [InlineData("""{"size":{"cols":80}}""", "invalid_argument", "0 columns or rows")]
    [InlineData("{}", "invalid_argument", "0 columns or rows")]
    public async Task A_resize_to_nothing_is_refused(string pty, string code, string message)
    {
        await using var process = await Conversation.StartAsync(envd, Terminals.Program("cat"));

        var (_, body) = await UpdateAsync(process.Pid, pty);

        Assert.Equal(code, body.GetProperty("code").GetString());
        Assert.Contains(message, body.GetProperty("message").GetString());
    }

    [Fact]
    public async Task An_update_without_a_terminal_in_it_changes_nothing()
    {
        await using var process = await Conversation.StartAsync(envd, Terminals.Program("cat"));

        var (status, _) = await UpdateAsync(process.Pid, "null");

        Assert.Equal(HttpStatusCode.OK, status);
    }

    [Fact]
    public async Task A_process_without_a_terminal_cannot_be_resized()
    {
        await using var process = await Conversation.StartAsync(envd, Commands.Program("sleep", "1000"));

        var (status, body) = await UpdateAsync(process.Pid, """{"size":{"cols":80,"rows":24}}""");

        Assert.Equal((HttpStatusCode.InternalServerError, "internal"), (status, body.GetProperty("code").GetString()));
        Assert.Equal($"process {process.Pid} has no terminal; start it with pty", body.GetProperty("message").GetString());
    }

    [Fact]
    public async Task Nobody_cannot_be_resized() =>
        Assert.Equal("not_found", (await UpdateAsync(4_000_000, """{"size":{"cols":80,"rows":24}}""")).Body.GetProperty("code").GetString());

    [Fact]
    public async Task Input_for_stdin_is_refused_by_a_terminal()
    {
        await using var process = await Conversation.StartAsync(envd, Terminals.Program("cat"));

        var error = await Assert.ThrowsAsync<ConnectException>(() => process.WriteAsync("x"));

        Assert.Equal((ConnectCode.Internal, $"process {process.Pid} has a terminal and no stdin; send its input as pty"), (error.Code, error.Message));
    }

    [Fact]
    public async Task Keys_reach_the_foreground_and_jobs_are_controlled()
    {
        await using var shell = await Conversation.StartAsync(envd, Terminals.Bash());
        await shell.TypeAsync("sleep 1000\r");
        await Eventually.TrueAsync(() => ForegroundIsAsync(shell, "sleep"), "sleep is in the foreground");
        await shell.TypeAsync("\x03");
        await shell.TypeAsync("echo code:$?\r");
        await shell.ShowsAsync("code:130");

        await shell.TypeAsync("sleep 1001\r");
        await Eventually.TrueAsync(() => ForegroundIsAsync(shell, "sleep"), "sleep is in the foreground again");
        await shell.TypeAsync("\x1a");
        await shell.ShowsAsync("Stopped");
        await shell.TypeAsync("bg; jobs -r | sed s/Run/RUN/\r");
        await shell.ShowsAsync("RUNning");
        await shell.TypeAsync("fg\r");
        await Eventually.TrueAsync(() => ForegroundIsAsync(shell, "sleep"), "sleep is back in the foreground");
        await shell.TypeAsync("\x03");
        await shell.TypeAsync("exit 5\r");

        Assert.Equal(5, (await shell.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task A_login_shell_starts_without_complaint()
    {
        await using var shell = await Conversation.InTerminalAsync(envd, "/bin/bash", "-i", "-l");

        await shell.TypeAsync("echo $((6*7)); exit\r");

        Assert.Equal("exit status 0", (await shell.EndAsync()).Status);
        Assert.Contains("42", shell.Seen);
        Assert.DoesNotContain("no job control", shell.Seen);
    }

    [Fact]
    public async Task All_that_was_shown_arrives_before_the_end_in_chunks_of_16_KiB_at_most()
    {
        await using var shell = await Conversation.StartAsync(envd, Terminals.Sh("stty -opost; yes 0123456789abcde | head -c 20000000; echo last"));

        await shell.EndAsync();

        Assert.Equal((20_000_005, "last\n"), (shell.Seen.Length, shell.Seen[^5..]));
        Assert.InRange(shell.LargestChunk, 1, 16 << 10);
    }

    [Fact]
    public async Task The_stream_stays_open_while_a_background_process_holds_the_terminal()
    {
        await using var shell = await Conversation.StartAsync(envd, Terminals.Sh("trap '' HUP; (sleep 0.5; echo late) & echo early"));

        await shell.EndAsync();

        Assert.Equal("early\r\nlate\r\n", shell.Seen);
    }

    [Theory]
    [InlineData("sleep SECONDS")]
    [InlineData("trap '' HUP TERM; nohup setsid sleep SECONDS & sleep SECONDS")]
    [InlineData("setsid sleep SECONDS < /dev/null > /dev/null 2>&1 & sleep SECONDS")]
    public async Task A_killed_terminal_leaves_no_survivor(string line)
    {
        using var traces = new Traces();
        await using var shell = await Conversation.StartAsync(envd, Terminals.Bash());
        await shell.TypeAsync(line.Replace("SECONDS", traces.Seconds) + "\r");
        await Eventually.TrueAsync(() => traces.Living().Count > 0, "the command runs");

        await shell.KillAsync();

        Assert.Empty(traces.Living());
        Assert.Equal("signal: killed", (await shell.EndAsync()).Status);
    }

    [Fact]
    public async Task A_terminal_beyond_its_time_leaves_no_survivor()
    {
        using var traces = new Traces();
        await using var shell = await Conversation.StartAsync(envd, Terminals.Bash(), timeout: TimeSpan.FromSeconds(2));
        await shell.TypeAsync($"nohup sleep {traces.Seconds} &\r");
        await Eventually.TrueAsync(() => traces.Living().Count > 0, "the command runs");

        var error = await Assert.ThrowsAsync<ConnectException>(shell.EndAsync);

        Assert.Equal(ConnectCode.DeadlineExceeded, error.Code);
        Assert.Empty(traces.Living());
    }

    [Fact]
    public async Task A_terminal_is_given_back_when_its_process_is_over()
    {
        var before = Terminals.InUse();
        for (var i = 0; i < 10; i++)
        {
            await using var shell = await Conversation.StartAsync(envd, Terminals.Sh("exit 0"));
            await shell.EndAsync();
        }

        await Eventually.TrueAsync(() => Terminals.InUse() <= before, "no terminal is left over");
    }

    [Fact]
    public async Task More_keys_than_a_terminal_can_hold_all_arrive()
    {
        const int Count = 1_000_000;
        await using var sum = await Conversation.StartAsync(envd, Terminals.Sh($"stty raw -echo; echo ready; head -c {Count} | tr -d x | wc -c; echo done"));
        await sum.ShowsAsync("ready");

        await sum.TypeAsync(new string('x', Count));

        await sum.ShowsAsync("done");
        Assert.Contains("0", sum.Seen);
    }

    private Task<(HttpStatusCode Status, System.Text.Json.JsonElement Body)> UpdateAsync(int pid, string pty) =>
        envd.PostJsonAsync("process.Process/Update", $$$"""{"process":{"pid":{{{pid}}}},"pty":{{{pty}}}}""");

    private static async Task<bool> ForegroundIsAsync(Conversation shell, string program) =>
        (await Shell.RunAsync("sh", "-c", $"ps -o comm= -p $(ps -o tpgid= -p {shell.Pid}) || true")).Trim() == program;
}
