using System.Globalization;

namespace Moru.Tools.Tests;

/// <summary>What happens to interpreters between, around and in spite of calls.</summary>
public sealed class Interpreters(ToolTests.Shared shared) : ToolTests(shared), IClassFixture<ToolTests.Shared>
{
    [Theory]
    [InlineData("python", "kept = 5")]
    [InlineData("javascript", "let kept = 5")]
    public async Task A_pause_keeps_variables(string language, string code)
    {
        await RunAsync(code, language);
        await Tools.CallAsync("pause_sandbox", new { });

        var output = await RunAsync("kept", language);

        Assert.Equal(("5", null, null), (output.Value, output.Error, output.Note));
    }

    [Theory]
    [InlineData("python", "import os, time\nprint('begun')\nopen('/tmp/begun-python', 'a').write('x')\nwhile not os.path.exists('/tmp/go-python'): time.sleep(0.01)\nprint('ended')\nwork = 7")]
    [InlineData("javascript", "console.log('begun')\nfs.appendFileSync('/tmp/begun-javascript', 'x')\nwhile (!fs.existsSync('/tmp/go-javascript')) await new Promise(done => setTimeout(done, 10))\nconsole.log('ended')\nlet work = 7")]
    public async Task Code_that_a_pause_cuts_off_goes_on_and_is_not_run_again(string language, string code)
    {
        var call = RunAsync(code, language);
        await FileAsync($"/tmp/begun-{language}");
        await Tools.CallAsync("pause_sandbox", new { });
        var error = await Assert.ThrowsAsync<ToolException>(() => call);
        await Tools.RunAsync($"touch /tmp/go-{language}");

        var output = await RunAsync("work", language);

        Assert.StartsWith($"Sandbox {Tools.SandboxId} was paused while the code ran. The code stands still with it and goes on at the next call", error.Message, StringComparison.Ordinal);
        Assert.Contains("it was not run again, and variables are kept. See what it prints with read_output {\"pid\":", error.Message, StringComparison.Ordinal);
        Assert.Equal(("begun\nended\n", "7"), (output.Stdout, output.Value));
        Assert.Equal("x", (await Tools.RunAsync($"cat /tmp/begun-{language}")).Stdout);
    }

    [Fact]
    public async Task Code_is_not_run_while_code_that_was_cut_off_runs_on()
    {
        var call = RunAsync("import os, time\nopen('/tmp/on', 'w').close()\nwhile not os.path.exists('/tmp/off'): time.sleep(0.01)\ndone = 1", "python");
        await FileAsync("/tmp/on");
        await Tools.CallAsync("pause_sandbox", new { });
        await Assert.ThrowsAsync<ToolException>(() => call);

        var text = await Tools.FailAsync("run_code", new { code = "done = 2" });
        await Tools.RunAsync("touch /tmp/off");

        Assert.StartsWith("The code of an earlier call, whose connection was lost, still runs in the interpreter, so this code was not run.", text, StringComparison.Ordinal);
        Assert.Equal("1", (await RunAsync("done", "python")).Value);
    }

    [Fact]
    public async Task Code_in_a_sandbox_that_ends_is_told_so()
    {
        var other = (await Tools.CallAsync<CreatedSandbox>("create_sandbox", new { timeout_seconds = 300 })).SandboxId;
        var call = Tools.CallAsync("run_code", new { code = "open('/tmp/begun', 'w').close()\nimport time\ntime.sleep(40)", sandbox_id = other });
        await Eventually.TrueAsync(async () => (await Tools.CallAsync<CommandOutput>("run_command", new { command = "ls /tmp/begun", sandbox_id = other })).ExitCode == 0);
        await Tools.CallAsync("kill_sandbox", new { sandbox_id = other });

        var error = await Assert.ThrowsAsync<ToolException>(() => call);

        Assert.StartsWith($"Sandbox {other} ended while the code ran, and with it the interpreter", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("python", "import threading\ndef late():\n  print('late')\n  open('/tmp/late1', 'w').close()\nthreading.Timer(0.05, late).start()", "/tmp/late1")]
    [InlineData("python", "import subprocess\nchild = subprocess.Popen('sleep 0.05; echo late; touch /tmp/late2', shell=True)", "/tmp/late2")]
    [InlineData("javascript", "setTimeout(() => { console.log('late'); fs.writeFileSync('/tmp/late3', '') }, 50); 0", "/tmp/late3")]
    public async Task What_is_printed_between_calls_comes_once_with_the_next(string language, string code, string file)
    {
        var first = await RunAsync(code, language);
        await FileAsync(file);

        var next = await RunAsync("1", language);
        var last = await RunAsync("2", language);

        Assert.Equal(("", "late\n", ""), (first.Stdout, next.Stdout, last.Stdout));
    }

    [Fact]
    public async Task A_flood_between_calls_is_kept_and_the_answer_before_it_is_not()
    {
        await RunAsync("print('x' * 5_000_000)\nimport subprocess\nchild = subprocess.Popen('seq 1 500000; touch /tmp/flooded', shell=True)", "python");
        await FileAsync("/tmp/flooded");

        var next = await RunAsync("print('end')", "python");

        Assert.StartsWith("1\n2\n", next.Stdout, StringComparison.Ordinal);
        Assert.EndsWith("\n500000\nend\n", next.Stdout, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("python", "import subprocess\nsubprocess.run('sleep 171', shell=True)", "sleep 171")]
    [InlineData("python", "import subprocess\nsubprocess.run(['bash', '-c', 'sleep 172 & wait'])", "sleep 172")]
    [InlineData("python", "import asyncio\nchild = await asyncio.create_subprocess_shell('sleep 173; true')\nawait child.wait()", "sleep 173")]
    [InlineData("javascript", "require('child_process').execSync('sleep 174; true')", "sleep 174")]
    [InlineData("javascript", "await new Promise(done => require('child_process').exec('sleep 175', done)); throw new Error('child')", "sleep 175")]
    public async Task Code_over_its_time_takes_the_children_it_waits_for_with_it(string language, string code, string child)
    {
        await RunAsync("globalThis = 1".Replace("globalThis", language == "python" ? "kept" : "globalThis.kept", StringComparison.Ordinal), language);

        var late = await Tools.CallAsync<CodeOutput>("run_code", new { code, language, timeout_seconds = 1 });

        Assert.True(late.IsError);
        Assert.Equal("0", await CountAsync(child));
        Assert.Equal("1", (await RunAsync("kept", language)).Value);
    }

    [Fact]
    public async Task Code_that_is_cancelled_takes_the_children_it_waits_for_with_it()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var call = Tools.CallAsync("run_code", new { code = "import subprocess\nsubprocess.run('sleep 176; true', shell=True)" }, cancellationToken: cancel.Token);
        await Eventually.TrueAsync(async () => await CountAsync("sleep 176") == "1");

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Equal("0", await CountAsync("sleep 176"));
    }

    [Fact]
    public async Task Children_that_code_has_left_to_themselves_outlive_an_interruption()
    {
        await RunAsync("import subprocess\nserver = subprocess.Popen(['sleep', '177'], start_new_session=True)", "python");
        await Tools.CallAsync<CodeOutput>("run_code", new { code = "while True: pass", timeout_seconds = 1 });

        Assert.Equal("1", await CountAsync("sleep 177"));
    }

    [Theory]
    [InlineData("python")]
    [InlineData("javascript")]
    public async Task The_source_of_an_interpreter_is_not_on_its_command_line(string language)
    {
        await RunAsync("1", language);

        var longest = await Tools.RunAsync("ps -C python3,node -o args ww | awk '{ if (length > most) most = length } END { print most }'");

        Assert.InRange(int.Parse(longest.Stdout, CultureInfo.InvariantCulture), 1, 300);
    }

    [Theory]
    [InlineData("python")]
    [InlineData("javascript")]
    public async Task An_interpreter_starts_also_where_its_source_cannot_be_written(string language)
    {
        var other = (await Tools.CallAsync<CreatedSandbox>("create_sandbox", new { timeout_seconds = 120 })).SandboxId;
        await Tools.CallAsync("run_command", new { command = "mkdir -p /tmp/.moru/{1..2000}.source", sandbox_id = other });

        var output = await Tools.CallAsync<CodeOutput>("run_code", new { code = "6 * 7", language, sandbox_id = other });
        await Tools.CallAsync("kill_sandbox", new { sandbox_id = other });

        Assert.Equal(("42", null), (output.Value, output.Note));
    }

    [Theory]
    [InlineData("python", "import os, time\nprint('step 1')\nwhile not os.path.exists('/tmp/on-python'): time.sleep(0.01)")]
    [InlineData("javascript", "console.log('step 1')\nwhile (!fs.existsSync('/tmp/on-javascript')) await new Promise(done => setTimeout(done, 10))")]
    public async Task A_caller_hears_of_the_last_line_while_code_runs(string language, string code)
    {
        await RunAsync(language == "python" ? "print('of the call before')" : "console.log('of the call before')", language);
        var heard = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);

        var call = Tools.CallAsync("run_code", new { code, language }, new Progress(heard));

        Assert.Equal("step 1", await heard.Task.WaitAsync(Eventually.Limit, Cancel));
        Assert.False(call.IsCompleted);
        await Tools.RunAsync($"touch /tmp/on-{language}");
        await call;
    }

    [Theory]
    [InlineData("import time\nwhile True:\n  try: time.sleep(99)\n  except KeyboardInterrupt: pass", true, "Interrupted after 1 s (timeout_seconds). Give it more time", "it did not stop when it was interrupted, so it was killed")]
    [InlineData("import os\nos._exit(3)", false, "", "it left with exit code 3")]
    [InlineData("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", false, "", "it was ended from outside (signal: killed), as when the memory of the sandbox is used up")]
    public async Task An_interpreter_that_is_gone_says_why(string code, bool timedOut, string before, string reason)
    {
        var gone = await Tools.CallAsync<CodeOutput>("run_code", new { code, timeout_seconds = timedOut ? 1 : 30 });

        Assert.Equal((timedOut, timedOut ? true : null), (gone.IsError, gone.TimedOut));
        Assert.StartsWith(before, gone.Note, StringComparison.Ordinal);
        Assert.EndsWith($"The interpreter ended: {reason}. Its variables are lost; the next call starts a new one.", gone.Note, StringComparison.Ordinal);
        Assert.Equal("2", (await RunAsync("1 + 1", "python")).Value);
    }

    [Theory]
    [InlineData("\"images\": [{\"type\": \"image/png\", \"data\": \"*\"}], \"stdout\": \"\", \"stderr\": \"\"")]
    [InlineData("\"images\": null, \"stdout\": \"\", \"stderr\": \"\"")]
    [InlineData("\"images\": [null], \"stdout\": \"\", \"stderr\": \"\"")]
    [InlineData("\"images\": [{}], \"stdout\": \"\", \"stderr\": \"\"")]
    [InlineData("\"images\": [{\"type\": \"text/html\", \"data\": \"\"}], \"stdout\": \"\", \"stderr\": \"\"")]
    [InlineData("\"stdout\": \"x\"")]
    [InlineData("\"value\": 5, \"stdout\": \"\", \"stderr\": \"\"")]
    [InlineData("\"value\": \"' + 'x' * 10_001 + '\", \"stdout\": \"\", \"stderr\": \"\"")]
    [InlineData("\"images\": [' + ', '.join(['{\"type\": \"image/png\", \"data\": \"\"}'] * 51) + '], \"stdout\": \"\", \"stderr\": \"\"")]
    [InlineData("\"images\": [' + ', '.join(['{\"type\": \"image/png\", \"data\": \"aaaa\"}'] * 5) + '], \"stdout\": \"\", \"stderr\": \"\"")]
    [InlineData("\"images\": [{\"type\": \"image/png\", \"data\": \"\", \"original\": {\"path\": \"/etc/passwd\", \"media_type\": \"image/png\", \"size_bytes\": 1}}], \"stdout\": \"\", \"stderr\": \"\"")]
    [InlineData("\"files\": [' + ', '.join(['{\"path\": \"/a\", \"size\": 1}'] * 1_001) + '], \"stdout\": \"\", \"stderr\": \"\"")]
    public async Task A_forged_answer_ends_its_interpreter(string members)
    {
        var code = $"import os, sys\nnumber = sys._getframe().f_code.co_filename[6:-1]\nos.write(3, ('{{\"id\": ' + number + ', {members}}}\\n').encode())\n1";

        var output = await RunAsync(code, "python");

        Assert.Contains("what it answered could not be read", output.Note, StringComparison.Ordinal);
        Assert.Equal("2", (await RunAsync("1 + 1", "python")).Value);
    }

    [Fact]
    public async Task An_interpreter_that_writes_without_end_between_calls_is_ended()
    {
        var first = await RunAsync("import os, threading\nos.environ['OLD'] = 'yes'\ndef flood():\n    while True: os.write(3, b'x' * 65536)\nthreading.Timer(1, flood).start()", "python");
        await Eventually.TrueAsync(async () => await CountAsync(@"python3 -c .*\.source .*") == "0");

        var next = await RunAsync("import os\nos.environ.get('OLD')", "python");

        Assert.Null(first.Note);
        Assert.StartsWith("The interpreter of earlier calls had ended", next.Note, StringComparison.Ordinal);
        Assert.Null(next.Value);
    }

    private Task<CodeOutput> RunAsync(string code, string language) => Tools.CallAsync<CodeOutput>("run_code", new { code, language });

    private Task FileAsync(string path) => Eventually.TrueAsync(async () => (await Tools.RunAsync($"ls {path}")).ExitCode == 0, path);

    private async Task<string> CountAsync(string command) => (await Tools.RunAsync($"pgrep -fcx '{command}'")).Stdout.Trim();

    private sealed class Progress(TaskCompletionSource<string> heard) : IProgress<string>
    {
        public void Report(string value) => heard.TrySetResult(value);
    }
}
