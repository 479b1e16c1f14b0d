namespace Moru.Tools.Tests;

public sealed class Commands(ToolTests.Shared shared) : ToolTests(shared), IClassFixture<ToolTests.Shared>
{
    [Covers("run_command", "commands.run()")]
    [Fact]
    public async Task A_short_command_returns_all_it_wrote_and_nothing_to_go_on_with()
    {
        var output = await Tools.RunAsync("echo 'it'\\''s \"fine\"'; echo oops >&2; exit 3");

        Assert.Equal((3, "it's \"fine\"\n", "oops\n"), (output.ExitCode!.Value, output.Stdout, output.Stderr));
        Assert.Null(output.Pid);
        Assert.Equal("<untrusted>\nit's \"fine\"\n</untrusted>\n[stderr]\n<untrusted>\noops\n</untrusted>\n[exit code 3]", output.ToString());
    }

    [Covers("run_command", "commands.run(result)", "CommandExitException")]
    [Theory]
    [InlineData("exec sh -c 'echo replaced; exit 4'", 4, "replaced\n")]
    [InlineData("set -e; false; echo never", 1, "")]
    [InlineData("trap 'echo bye' EXIT; exit 5", 5, "bye\n")]
    [InlineData("if then", 2, "")]
    [InlineData("kill -9 $BASHPID", 137, "")]
    [InlineData("read line; echo \"got=$line\"", 0, "got=\n")]
    [InlineData("echo a; exit 0 # '", 0, "a\n")]
    [InlineData("cat <<'END'\n$HOME 'x'\nEND", 0, "$HOME 'x'\n")]
    [InlineData("echo hi # note\u2028echo never\fecho never\u0085echo never", 0, "hi\n")]
    [InlineData("printf %s 'a\r\nb' | wc -c", 0, "4\n")]
    [InlineData("(until [ -e /tmp/never-there ]; do sleep 1; done) & echo started; ls /proc/$!/fd >/dev/null && kill $!", 0, "started\n")]
    [InlineData("nosuchprogram 2>&1", 127, "/bin/bash: line 1: nosuchprogram: command not found\n")]
    public async Task A_command_ends_as_the_shell_says(string command, int exitCode, string stdout)
    {
        var output = await Tools.RunAsync(command);

        Assert.Equal((exitCode, stdout), (output.ExitCode!.Value, output.Stdout));
    }

    [Theory]
    [InlineData("sleep 731 & echo started")]
    [InlineData("(sleep 731; true) & echo started")]
    public async Task A_server_started_with_an_ampersand_does_not_hold_up_its_command(string command)
    {
        await Tools.RunAsync("pkill -f '^sleep 731'");

        var output = await Tools.RunAsync(command);

        Assert.Equal("started\n", output.Stdout);
        Assert.Equal("1\n", (await Tools.RunAsync("pgrep -fc '^sleep 731'")).Stdout);
    }

    [Fact]
    public async Task A_command_in_a_sandbox_that_is_paused_goes_on_and_is_not_begun_again()
    {
        var run = Tools.CallAsync("run_command", new { command = "echo $$ >> /tmp/runs.txt; until [ -e /tmp/go-on ]; do sleep 0.1; done; echo done" });
        await Eventually.TrueAsync(async () => (await Tools.RunAsync("cat /tmp/runs.txt")).ExitCode == 0);
        await Tools.CallAsync("pause_sandbox", new { });

        var error = (await Assert.ThrowsAsync<ToolException>(() => run)).Message;
        Assert.Matches("^Sandbox \\w+ was paused while the command ran. It goes on as process (\\d+) when a tool uses the sandbox: read_output {\"pid\":\\1,", error);
        var call = System.Text.Json.JsonElement.Parse(error[error.IndexOf('{', StringComparison.Ordinal)..(error.IndexOf('}', StringComparison.Ordinal) + 1)]);
        await Tools.RunAsync("touch /tmp/go-on");
        var output = await Tools.CallAsync<CommandOutput>("read_output", call);

        Assert.Equal((0, "done\n"), (output.ExitCode, output.Stdout));
        Assert.Equal("1\n", (await Tools.RunAsync("wc -l < /tmp/runs.txt")).Stdout);
    }

    [Fact]
    public async Task A_command_whose_sandbox_is_killed_is_not_begun_again_in_the_next()
    {
        var made = (await Tools.CallAsync<CreatedSandbox>("create_sandbox", new { timeout_seconds = 120 })).SandboxId;
        var run = Tools.CallAsync("run_command", new { command = "touch /tmp/runs; sleep 600", sandbox_id = made });
        await Eventually.TrueAsync(async () => (await Tools.CallAsync<CommandOutput>("run_command", new { command = "ls /tmp/runs", sandbox_id = made })).ExitCode == 0);

        await Tools.CallAsync("kill_sandbox", new { sandbox_id = made });

        Assert.StartsWith($"Sandbox {made} ended while the command ran", (await Assert.ThrowsAsync<ToolException>(() => run)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("head -c 20000 /dev/zero")]
    [InlineData("head -c 7000 /dev/zero")]
    [InlineData("head -c 20000 /dev/zero | tr '\\0' '\\1'")]
    [InlineData("for i in $(seq 3000); do printf '日本'; done")]
    public async Task What_is_shown_as_escapes_costs_no_more_than_other_output(string command)
    {
        var text = (await Tools.RunAsync(command)).ToString();

        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(text), 4_000, 8_800);
    }

    [Theory]
    [InlineData("a b c")]
    [InlineData("7 8 9")]
    [InlineData("99999999999999999999")]
    public async Task A_forged_exit_code_is_none(string forged)
    {
        var started = await Tools.CallAsync<CommandOutput>("run_command", new { command = "sleep 600", wait_seconds = 0 });
        await Tools.RunAsync($"until [ -e /tmp/.moru/{started.Pid}.exit ]; do sleep 0.05; done");
        await Tools.CallAsync("kill_command", new { pid = started.Pid });
        await Tools.RunAsync($"echo '{forged}' > /tmp/.moru/{started.Pid}.exit; touch '/tmp/.moru/Ignore all.run'");

        var read = await Tools.CallAsync<CommandOutput>("read_output", new { pid = started.Pid });
        var listed = await Tools.CallAsync<CommandList>("list_commands", new { });

        Assert.Equal((null, null), (read.ExitCode, read.Running));
        Assert.Equal("lost", listed.Commands.Single(line => line.Pid == started.Pid).State);
        Assert.DoesNotContain("Ignore", await Tools.FailAsync("read_output", new { pid = 999999999 }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"command": "a\u0000b"}""", "`command` has a NUL character")]
    [InlineData("""{"command": "true", "env": {"A=B": "1"}}""", "`env` has the name 'A=B'")]
    public async Task What_no_command_can_have_is_named(string arguments, string expected)
    {
        Assert.StartsWith(expected, await Tools.FailAsync("run_command", System.Text.Json.JsonElement.Parse(arguments)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_that_is_too_long_is_to_be_a_file()
    {
        Assert.Equal("100000\n", (await Tools.RunAsync($"text={new string('x', 100_000)}; echo ${{#text}}")).Stdout);

        Assert.Contains("Write it to a file with write_file, then run that: run_command {\"command\":\"bash script.sh\"}", await Tools.FailAsync("run_command", new { command = new string('x', 140_000) }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_terminal_is_not_taken_for_a_command()
    {
        var terminal = await Tools.CallAsync<TerminalScreen>("open_terminal", new { });

        Assert.StartsWith($"Process {terminal.Pid} is a terminal. Look at it with use_terminal {{\"pid\":{terminal.Pid}}}", await Tools.FailAsync("read_output", new { pid = terminal.Pid }), StringComparison.Ordinal);
        Assert.StartsWith($"Process {terminal.Pid} is a terminal. Type into it with use_terminal", await Tools.FailAsync("send_input", new { pid = terminal.Pid, text = "x" }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_home_a_command_says_how_to_make_it_again()
    {
        var made = (await Tools.CallAsync<CreatedSandbox>("create_sandbox", new { timeout_seconds = 120 })).SandboxId;
        await Tools.CallAsync("remove_file", new { path = "/home/user", sandbox_id = made });

        var error = await Tools.FailAsync("run_command", new { command = "pwd", sandbox_id = made });
        var call = System.Text.Json.JsonElement.Parse(error[error.IndexOf('{', StringComparison.Ordinal)..(error.IndexOf('}', StringComparison.Ordinal) + 1)]);
        await Tools.CallAsync("run_command", call);

        Assert.Equal("/home/user\n", (await Tools.CallAsync<CommandOutput>("run_command", new { command = "pwd", sandbox_id = made })).Stdout);
        await Tools.CallAsync("kill_sandbox", new { sandbox_id = made });
    }

    [Fact]
    public async Task A_caller_hears_of_the_last_line_while_it_waits_for_a_command()
    {
        var started = await Tools.CallAsync<CommandOutput>("run_command", new { command = "echo at work; until [ -e /tmp/enough ]; do sleep 0.1; done", wait_seconds = 0 });
        var heard = new Heard();
        var read = Tools.CallAsync("read_output", new { pid = started.Pid, wait_seconds = 60 }, heard);

        await Eventually.TrueAsync(() => heard.Lines.Contains("at work"));
        await Tools.RunAsync("touch /tmp/enough");

        Assert.Equal(0, ((CommandOutput)await read).ExitCode);
    }

    [Covers("run_command(wait_seconds)", "commands.run(background=True)")]
    [Covers("read_output(wait_seconds)", "command handle.wait()")]
    [Fact]
    public async Task A_command_that_is_not_waited_for_goes_on_and_loses_nothing()
    {
        var first = await Tools.CallAsync<CommandOutput>("run_command", new { command = "for i in $(seq 1 400); do echo line $i; [ $((i % 100)) = 0 ] && sleep 1; done; echo err >&2; exit 6", wait_seconds = 1 });
        Assert.True(first.Running);

        var (all, next) = (first.Stdout, first);
        while (next.Cursor is { } cursor)
        {
            next = await Tools.CallAsync<CommandOutput>("read_output", new { pid = first.Pid, cursor, wait_seconds = 30 });
            all += next.Stdout;
        }

        Assert.Equal(string.Concat(Enumerable.Range(1, 400).Select(i => $"line {i}\n")), all);
        Assert.Equal((6, "err\n"), (next.ExitCode!.Value, next.Stderr));
    }

    [Fact]
    public async Task Old_commands_give_way_in_each_of_several_sandboxes()
    {
        var other = (await Tools.CallAsync<CreatedSandbox>("create_sandbox", new { timeout_seconds = 300 })).SandboxId;
        for (var i = 0; i < 66; i++)
        {
            await Tools.RunAsync("true");
            await Tools.CallAsync("run_command", new { command = "true", sandbox_id = other });
        }

        const string Count = "ls /tmp/.moru/*.exit | wc -l";
        var counts = new[] { (await Tools.RunAsync(Count)).Stdout, (await Tools.CallAsync<CommandOutput>("run_command", new { command = Count, sandbox_id = other })).Stdout };
        await Tools.CallAsync("kill_sandbox", new { sandbox_id = other });

        Assert.All(counts, count => Assert.InRange(int.Parse(count, System.Globalization.CultureInfo.InvariantCulture), 32, 65));
    }

    [Fact]
    public async Task A_long_output_loses_its_middle_and_says_the_call_that_reads_it()
    {
        var output = await Tools.RunAsync("seq 1 20000; echo e >&2");

        Assert.StartsWith("1\n2\n3\n", output.Stdout, StringComparison.Ordinal);
        Assert.EndsWith("\n19999\n20000\n", output.Stdout, StringComparison.Ordinal);
        Assert.InRange(output.Stdout.Length, 7_500, 8_100);
        var call = System.Text.Json.JsonElement.Parse(output.Note![output.Note!.IndexOf('{', StringComparison.Ordinal)..(output.Note.IndexOf('}', StringComparison.Ordinal) + 1)]);
        var middle = await Tools.CallAsync<CommandOutput>("read_output", call);
        var head = output.Stdout[..(output.Stdout.IndexOf("\n[...", StringComparison.Ordinal) + 1)];
        Assert.Equal(string.Concat(Enumerable.Range(1, 20000).Select(i => $"{i}\n"))[..(head.Length + middle.Stdout.Length)], head + middle.Stdout);
    }

    [Covers("run_command(timeout_seconds)", "TimeoutException")]
    [Fact]
    public async Task A_command_over_its_time_is_killed_and_what_it_wrote_is_kept()
    {
        var output = await Tools.CallAsync<CommandOutput>("run_command", new { command = "echo before; sleep 741 & sleep 742", timeout_seconds = 1 });

        Assert.True(output.IsError);
        Assert.Equal("before\n", output.Stdout);
        Assert.StartsWith("Killed after 1 s (timeout_seconds)", output.Note, StringComparison.Ordinal);
        await NothingRunsAsync("^sleep 74[12]");
    }

    [Fact]
    public async Task The_time_of_a_command_in_the_background_ends_it_too()
    {
        var output = await Tools.CallAsync<CommandOutput>("run_command", new { command = "sleep 751", timeout_seconds = 2, wait_seconds = 0 });

        var end = await Tools.CallAsync<CommandOutput>("read_output", new { pid = output.Pid, wait_seconds = 30 });

        Assert.Null(end.Running);
        Assert.Contains("killed", end.Note, StringComparison.Ordinal);
    }

    [Covers("send_input", "command handle.send_stdin()")]
    [Fact]
    public async Task Input_reaches_a_command_in_the_background()
    {
        var cat = await Tools.CallAsync<CommandOutput>("run_command", new { command = "read a; echo \"<$a>\"; read b; echo \"<$b>\"", wait_seconds = 0 });
        await Tools.CallAsync("send_input", new { pid = cat.Pid, text = "one\ntwo\n" });

        var end = await Tools.CallAsync<CommandOutput>("read_output", new { pid = cat.Pid, wait_seconds = 30 });

        Assert.Equal("<one>\n<two>\n", end.Stdout);
    }

    [Covers("kill_command", "command handle.kill()")]
    [Covers("list_commands", "commands.list()", "process.pid, process.command")]
    [Covers("kill_command(pid)", "commands.kill(pid)")]
    [Fact]
    public async Task Running_and_ended_commands_are_listed_until_killed()
    {
        var sleep = await Tools.CallAsync<CommandOutput>("run_command", new { command = "sleep 761\necho second", wait_seconds = 0 });
        var listed = (await Tools.CallAsync<CommandList>("list_commands", new { })).Commands.Single(line => line.Pid == sleep.Pid);
        Assert.Equal(("running", "sleep 761"), (listed.State, listed.Command));

        var killed = await Tools.CallAsync<KilledCommand>("kill_command", new { pid = sleep.Pid });
        Assert.True(killed.Killed);
        await NothingRunsAsync("^sleep 761");
        Assert.False((await Tools.CallAsync<KilledCommand>("kill_command", new { pid = sleep.Pid })).Killed);
        Assert.Equal("lost", (await Tools.CallAsync<CommandList>("list_commands", new { })).Commands.Single(line => line.Pid == sleep.Pid).State);
    }

    [Covers("run_command(user)", "files.read(user)", "files.write(user)")]
    [Covers("run_command(cwd)", "commands.run(cwd, user, envs, timeout)")]
    [Fact]
    public async Task Directory_user_and_environment_are_those_asked_for()
    {
        var output = await Tools.CallAsync<CommandOutput>("run_command", new { command = "pwd; id -un; echo \"$GREETING\"", cwd = "/tmp", user = "root", env = new { GREETING = "hé llo" } });

        Assert.Equal("/tmp\nroot\nhé llo\n", output.Stdout);
    }

    [Covers("run_command", "commands.run(on_stdout, on_stderr)")]
    [Fact]
    public async Task A_caller_hears_of_the_last_line_while_a_command_runs()
    {
        var heard = new Heard();
        var call = Tools.CallAsync("run_command", new { command = "echo step 1; until [ -e /tmp/go ]; do sleep 0.05; done" }, heard);

        await Eventually.TrueAsync(() => heard.Lines.Contains("step 1"));
        Assert.False(call.IsCompleted);
        await Tools.RunAsync("touch /tmp/go");
        await call;
    }

    [Fact]
    public async Task A_cancelled_call_kills_its_command()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var call = Tools.CallAsync("run_command", new { command = "sleep 771 & (trap '' TERM; sleep 772) & wait" }, cancellationToken: cancel.Token);
        await Eventually.TrueAsync(async () => await CountAsync("^sleep 77[12]") == 2);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await NothingRunsAsync("^sleep 77[12]");
    }

    [Theory]
    [InlineData("read_output")]
    [InlineData("kill_command")]
    public async Task An_unknown_process_is_answered_with_those_that_there_are(string tool)
    {
        var known = await Tools.CallAsync<CommandOutput>("run_command", new { command = "sleep 781", wait_seconds = 0 });
        await Tools.CallAsync("read_output", new { pid = known.Pid }); // once it has begun

        var text = await Tools.FailAsync(tool, new { pid = 999_999_999 });

        Assert.StartsWith($"There is no command 999999999 in sandbox {Tools.SandboxId}", text, StringComparison.Ordinal);
        Assert.Contains("newest first: ", text, StringComparison.Ordinal);
        Assert.Contains($"{known.Pid}", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_runs_when_its_files_cannot_be_written()
    {
        await Tools.CallAsync("run_command", new { command = "rm -rf /tmp/.moru; ln -s /dev/full/x /tmp/.moru", user = "root" });

        var output = await Tools.RunAsync("echo works; exit 2");
        await Tools.CallAsync("run_command", new { command = "rm -f /tmp/.moru", user = "root" });

        Assert.Equal((2, "works\n"), (output.ExitCode!.Value, output.Stdout));
    }

    private sealed class Heard : IProgress<string>
    {
        public System.Collections.Concurrent.ConcurrentQueue<string> Lines { get; } = new();

        public void Report(string value) => Lines.Enqueue(value);
    }

    private Task NothingRunsAsync(string pattern) => Eventually.TrueAsync(async () => await CountAsync(pattern) == 0, $"nothing matches {pattern}");

    private async Task<int> CountAsync(string pattern) =>
        int.Parse((await Tools.RunAsync($"pgrep -fc '{pattern}'")).Stdout, System.Globalization.CultureInfo.InvariantCulture);
}
