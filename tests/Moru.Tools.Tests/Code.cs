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

    [Theory]
    [InlineData("import asyncio\nawait asyncio.sleep(0)\nz = await asyncio.sleep(0, 'done')\nz", "'done'")]
    [InlineData("import subprocess\nsubprocess.run('echo child', shell=True).returncode", "0")]
    [InlineData("for i in range(2): pass", null)]
    [InlineData("class A:\n  def __repr__(self): return 'Ä€'\nA()", "Ä€")]
    [InlineData("import pickle\nclass P: pass\ntype(pickle.loads(pickle.dumps(P()))).__name__", "'P'")]
    public async Task Python_values_are_those_of_the_last_expression(string code, string? value)
    {
        var output = await PythonAsync(code);

        Assert.Equal((value, null), (output.Value, output.Error));
    }

    [Theory]
    [InlineData("x = ", "SyntaxError")]
    [InlineData("input()", "EOFError")]
    [InlineData("import sys\nsys.exit(3)", "SystemExit: 3")]
    [InlineData("raise SystemExit", "SystemExit")]
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
    public async Task JavaScript_keeps_its_state_and_returns_prints_values_and_errors()
    {
        var first = await JavaScriptAsync("const a = 20; console.log('hi'); console.error('err'); a + 1");
        var second = await JavaScriptAsync("const a = 30\nconst fs = require('fs')\na * 2");
        var third = await JavaScriptAsync("function f() {\n  throw new Error('oops')\n}\nf()");

        Assert.Equal(("hi\n", "err\n", "21", null), (first.Stdout, first.Stderr, first.Value, first.Error));
        Assert.Equal(("60", null), (second.Value, second.Error));
        Assert.Matches(@"^Error: oops\n    at f \(code\d+\.js:2:9\)\n    at code\d+\.js:4:1$", third.Error);
    }

    [Theory]
    [InlineData("await new Promise(done => setTimeout(() => done({ x: [1, 'two'] }), 1))", "{ x: [ 1, 'two' ] }")]
    [InlineData("require('child_process').execSync('echo child; exit 0', { stdio: 'inherit' })", "null")]
    [InlineData("[{ n: 1, s: 'a,b' }, { n: 2, s: 'c' }]", "2 rows x 2 columns\nn,s\n1,\"a,b\"\n2,c")]
    [InlineData("let row = i => Object.fromEntries(Array.from({ length: 22 }, (_, n) => ['c' + n, i])); [row(1), row(2)]", "2 rows x 22 columns, the first 20 shown\nc0,c1,c2,c3,c4,c5,c6,c7,c8,c9,c10,c11,c12,c13,c14,c15,c16,c17,c18,c19\n1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1\n2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2")]
    [InlineData("let undef", null)]
    public async Task JavaScript_values_are_those_of_the_last_expression(string code, string? value)
    {
        var output = await JavaScriptAsync(code);

        Assert.Equal((value, null), (output.Value, output.Error));
    }

    [Theory]
    [InlineData("while (true) {}")]
    [InlineData("await new Promise(() => {})")]
    public async Task JavaScript_over_its_time_is_interrupted_and_keeps_its_variables(string code)
    {
        await JavaScriptAsync("globalThis.kept = 7");

        var late = await Tools.CallAsync<CodeOutput>("run_code", new { code, language = "javascript", timeout_seconds = 1 });

        Assert.True(late.IsError);
        Assert.Contains("variables are kept", late.Note, StringComparison.Ordinal);
        Assert.Equal("7", (await JavaScriptAsync("kept")).Value);
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

    private Task<CodeOutput> JavaScriptAsync(string code) => Tools.CallAsync<CodeOutput>("run_code", new { code, language = "javascript" });
}
