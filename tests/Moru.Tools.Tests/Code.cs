namespace Moru.Tools.Tests;

public sealed class Code(ToolTests.Shared shared) : ToolTests(shared), IClassFixture<ToolTests.Shared>
{
    [Fact]
    public async Task Python_keeps_its_state_and_returns_prints_values_and_errors()
    {
        var first = await PythonAsync("import math, sys\nx = 20\nprint('hi')\nprint('err', file=sys.stderr)\nx + 1");
        var second = await PythonAsync("y = x * 2\n_");
        var third = await PythonAsync("def f():\n    return 1 / 0\n\nprint('before')\nf()");

        Assert.Equal(("hi\n", "err\n", "21", null), (first.Stdout, first.Stderr, first.Value, first.Error));
        Assert.Equal("21", second.Value);
        Assert.Equal("before\n", third.Stdout);
        Assert.Equal("Traceback (most recent call last):\n  File \"<code 3>\", line 5, in <module>\n    f()\n  File \"<code 3>\", line 2, in f\n    return 1 / 0\n           ~~^~~\nZeroDivisionError: division by zero", Third(third.Error!));

        // How many runs there were before depends on the other tests.
        static string Third(string error) => System.Text.RegularExpressions.Regex.Replace(error, "<code \\d+>", "<code 3>");
    }

    [Fact]
    public async Task A_traceback_points_at_what_failed_in_the_last_line_too()
    {
        var output = await PythonAsync("text = 'a\fb'\nx = 1\nx / 0");

        Assert.Contains("line 3, in <module>\n    x / 0\n    ~~^~~\nZeroDivisionError", output.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("import asyncio\nawait asyncio.sleep(0)\nz = await asyncio.sleep(0, 'done')\nz", "'done'")]
    [InlineData("import subprocess\nsubprocess.run('echo child', shell=True).returncode", "0")]
    [InlineData("import asyncio\nasync def f(): return 3\ntask = asyncio.create_task(f())\nawait task", "3")]
    [InlineData("import asyncio\nasync def f(): return 4\nasyncio.run(f())", "4")]
    [InlineData("import asyncio\nasync def f(): return 5\nown = asyncio.new_event_loop()\nx = own.run_until_complete(f())\nown.close()\nx", "5")]
    [InlineData("async def f(): return 6\n[await f() for _ in range(2)]", "[6, 6]")]
    [InlineData("for i in range(2): pass", null)]
    [InlineData("class A:\n  def __repr__(self): return 'Ä€'\nA()", "Ä€")]
    [InlineData("import pickle\nclass P: pass\ntype(pickle.loads(pickle.dumps(P()))).__name__", "'P'")]
    public async Task Python_values_are_those_of_the_last_expression(string code, string? value)
    {
        var output = await PythonAsync(code);

        Assert.Equal((value, null), (output.Value, output.Error));
    }

    [Fact]
    public async Task A_task_of_Python_goes_on_between_calls_and_an_interrupted_one_does_not()
    {
        await PythonAsync("import asyncio, os\nasync def work():\n  await asyncio.sleep(0.01)\n  open('/tmp/worked', 'w').close()\n  return 7\ntask = asyncio.create_task(work())");
        await Eventually.TrueAsync(async () => (await Tools.RunAsync("ls /tmp/worked")).ExitCode == 0);
        var late = await Tools.CallAsync<CodeOutput>("run_code", new { code = "await asyncio.sleep(2)\nprint('never')", timeout_seconds = 1 });

        var output = await PythonAsync("await asyncio.sleep(2)\nawait task");

        Assert.Equal((true, "7", ""), (late.IsError, output.Value, output.Stdout));
    }

    [Theory]
    [InlineData("x = ", "SyntaxError")]
    [InlineData("input()", "EOFError")]
    [InlineData("import sys\nsys.exit(3)", "SystemExit: 3")]
    [InlineData("raise SystemExit", "SystemExit")]
    [InlineData("import asyncio, sys\nasync def f(): sys.exit(4)\nawait f()", "SystemExit: 4")]
    [InlineData("import asyncio\nasyncio.get_event_loop().close()\n1 / 0", "ZeroDivisionError")]
    public async Task Python_survives_what_fails(string code, string error)
    {
        await PythonAsync("kept = 5");

        Assert.Contains(error, (await PythonAsync(code)).Error, StringComparison.Ordinal);
        Assert.Equal("5", (await PythonAsync("kept")).Value);
    }

    [Fact]
    public async Task Code_over_its_time_is_interrupted_and_keeps_its_variables()
    {
        await PythonAsync("kept = 7");

        var late = await Tools.CallAsync<CodeOutput>("run_code", new { code = "print('started')\nimport time\ntime.sleep(60)", timeout_seconds = 1 });

        Assert.Equal((true, "started\n"), (late.IsError, late.Stdout));
        Assert.Contains("Interrupted after 1 s (timeout_seconds); variables are kept", late.Note, StringComparison.Ordinal);
        Assert.Equal("7", (await PythonAsync("kept")).Value);
    }

    [Theory]
    [InlineData("python", "raise KeyboardInterrupt")]
    [InlineData("javascript", "throw new Error('SIGINT')")]
    public async Task Code_that_fails_like_an_interruption_has_only_failed(string language, string code)
    {
        var output = await Tools.CallAsync<CodeOutput>("run_code", new { code, language });

        Assert.NotNull(output.Error);
        Assert.Equal((false, null), (output.IsError, output.Note));
    }

    [Theory]
    [InlineData("python", "for i in range(3000): print(i)\n'v' * 3900")]
    [InlineData("javascript", "for (let i = 0; i < 3000; i++) console.log(i); 'v'.repeat(1900)")]
    public async Task A_long_value_leaves_less_room_for_what_was_printed(string language, string code)
    {
        var output = await Tools.CallAsync<CodeOutput>("run_code", new { code, language });

        Assert.InRange(output.ToString().Length, 6_000, 8_800);
        Assert.Contains("read_output {\"pid\":", output.Note, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_interpreter_that_ends_says_that_its_variables_are_lost()
    {
        await PythonAsync("kept = 9");

        var gone = await PythonAsync("print('last', flush=True)\nimport os\nos._exit(1)");
        var next = await PythonAsync("kept");

        Assert.Equal("last\n", gone.Stdout);
        Assert.Contains("variables are lost", gone.Note, StringComparison.Ordinal);
        Assert.Contains("NameError", next.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_long_print_loses_its_middle_and_says_the_call_that_reads_it()
    {
        var output = await PythonAsync("for i in range(20000): print(i)\nprint('x' * 10)");

        Assert.StartsWith("0\n1\n", output.Stdout, StringComparison.Ordinal);
        Assert.EndsWith("19999\nxxxxxxxxxx\n", output.Stdout, StringComparison.Ordinal);
        Assert.InRange(output.Stdout.Length, 7_000, 8_100);
        Assert.Contains("read_output {\"pid\":", output.Note, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_language_that_there_is_not_is_answered_with_those_that_there_are()
    {
        var text = await Tools.FailAsync("run_code", new { code = "1", language = "ruby" });

        Assert.Contains("`language` must be \"python\" or \"javascript\", not the string \"ruby\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_interpreter_is_named_with_the_command_that_installs_it()
    {
        var other = await Tools.CallAsync<CreatedSandbox>("create_sandbox", new { timeout_seconds = 120 });
        await Tools.CallAsync("run_command", new { command = "mv $(command -v node) /root/", user = "root", sandbox_id = other.SandboxId });

        var text = await Tools.FailAsync("run_code", new { code = "1", language = "javascript", sandbox_id = other.SandboxId });
        await Tools.CallAsync("kill_sandbox", new { sandbox_id = other.SandboxId });

        Assert.StartsWith($"There is no node in sandbox {other.SandboxId}. Install it with run_command {{\"command\":\"sudo apt-get update && sudo apt-get install -y nodejs\"", text, StringComparison.Ordinal);
    }

    private Task<CodeOutput> PythonAsync(string code) => Tools.CallAsync<CodeOutput>("run_code", new { code });
}
