namespace Moru.Agents.Tests;

/// <summary>Python with variables that stay.</summary>
public sealed class PythonRuns(ServerFixture fixture) : AgentTest(fixture), IAsyncLifetime
{
    private const string Pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    private AgentSandbox sandbox = null!;

    public ValueTask InitializeAsync()
    {
        sandbox = new AgentSandbox(Client);
        return default;
    }

    public ValueTask DisposeAsync() => sandbox.DisposeAsync();

    [Fact]
    public async Task Variables_stay_and_the_last_value_is_returned()
    {
        await RunAsync("x = 40\nimport math");

        var result = await RunAsync("print('counting')\nx + int(math.sqrt(4))");

        Assert.Equal(("counting\n", "42", null), (result.Stdout, result.Value, result.Error));
    }

    [Fact]
    public async Task An_exception_is_a_result_with_the_line_that_raised_it()
    {
        var result = await RunAsync("def half(n):\n    return 1 / n\n\nhalf(0)");

        Assert.Contains("    return 1 / n", result.Error, StringComparison.Ordinal);
        Assert.EndsWith("ZeroDivisionError: division by zero", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("kernel", result.Error, StringComparison.Ordinal);
        Assert.Contains("SyntaxError", (await RunAsync("if")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_child_processes_print_is_captured_too()
    {
        var result = await RunAsync("import subprocess, sys\nprint('before')\nsys.stdout.flush()\nsubprocess.run('echo child; echo oops >&2', shell=True)\nprint('after')");

        Assert.Equal(("before\nchild\nafter\n", "oops\n"), (result.Stdout, result.Stderr));
    }

    [Fact]
    public async Task A_flood_of_output_keeps_its_beginning_and_its_end()
    {
        var result = await RunAsync("print('first')\nfor _ in range(3_000_000): print('x' * 9)\nprint('last')");

        Assert.StartsWith("first\n", result.Stdout, StringComparison.Ordinal);
        Assert.EndsWith("last\n", result.Stdout, StringComparison.Ordinal);
        Assert.InRange(result.Stdout.Length, 1_000, 20_000);
    }

    [Fact]
    public async Task Code_that_runs_too_long_is_interrupted_and_its_variables_stay()
    {
        await RunAsync("kept = 7");

        var late = await sandbox.Python.RunAsync("print('started', flush=True)\nwhile True: pass", TimeSpan.FromSeconds(1), cancellationToken: Cancelled);

        Assert.Equal(("started\n", "Interrupted after 1 s, its time limit."), (late.Stdout, late.Error));
        Assert.Equal("7", (await RunAsync("kept")).Value);
    }

    [Fact]
    public async Task Code_that_does_not_listen_is_killed_with_its_variables()
    {
        var late = await sandbox.Python.RunAsync(
            "import time\nwhile True:\n  try: time.sleep(99)\n  except KeyboardInterrupt: pass", TimeSpan.FromSeconds(1), cancellationToken: Cancelled);

        Assert.Contains("are lost", late.Error, StringComparison.Ordinal);
        Assert.Equal("2", (await RunAsync("1 + 1")).Value);
    }

    [Fact]
    public async Task A_cancelled_run_is_interrupted()
    {
        using var giveUp = new CancellationTokenSource();
        var run = sandbox.Python.RunAsync("open('/tmp/started', 'w').close()\nwhile True: pass", cancellationToken: giveUp.Token);
        var machine = await sandbox.GetAsync(cancellationToken: Cancelled);
        await Eventually.TrueAsync(() => machine.Files.ExistsAsync("/tmp/started", cancellationToken: Cancelled));

        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.Equal("'free'", (await RunAsync("'free'")).Value);
    }

    [Fact]
    public async Task Code_that_ends_Python_says_so_and_the_next_run_begins_anew()
    {
        var ended = await RunAsync("import os\nos._exit(3)");

        Assert.StartsWith("Python has ended", ended.Error, StringComparison.Ordinal);
        Assert.Equal("'again'", (await RunAsync("'again'")).Value);
    }

    [Fact]
    public async Task A_sandbox_without_Python_is_named()
    {
        var machine = await sandbox.GetAsync(cancellationToken: Cancelled);
        await machine.Commands.RunAsync("sudo rm /usr/bin/python3", cancellationToken: Cancelled);

        var error = await Assert.ThrowsAsync<SandboxException>(() => RunAsync("1"));

        Assert.Contains($"Python did not start in sandbox '{machine.SandboxId}'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pictures_and_files_come_back()
    {
        var result = await RunAsync($"""
            import base64
            class Plot:
                def _repr_png_(self): return base64.b64decode("{Pixel}")
            open("/mnt/data/table.csv", "w").write("a,b\n1,2\n")
            Plot()
            """);

        Assert.Equal(Convert.FromBase64String(Pixel), Assert.Single(result.Images).ToArray());
        Assert.Equal(new CodeFile("/mnt/data/table.csv", 8), Assert.Single(result.Files));
        Assert.Empty((await RunAsync("1")).Files);
    }

    [Fact]
    public async Task Plots_come_back_from_a_template_that_can_draw()
    {
        await using var drawing = new AgentSandbox(Client, new() { Template = "python" });

        var result = await drawing.Python.RunAsync("import matplotlib.pyplot as plt\nplt.plot([1, 4, 9])\nplt.figure()\nplt.bar([1, 2], [3, 4])", cancellationToken: Cancelled);

        Assert.Null(result.Error);
        Assert.Equal(2, result.Images.Count);
        Assert.All(result.Images, image => Assert.Equal("PNG"u8.ToArray(), image.Span[1..4].ToArray()));
    }

    [Fact]
    public async Task Code_calls_tools_and_learns_what_went_wrong_with_them()
    {
        var double_ = AIFunctionFactory.Create((int number) => new { Number = number * 2 }, "double");
        var fail = AIFunctionFactory.Create(string () => throw new InvalidOperationException("no luck"), "fail");

        var result = await sandbox.Python.RunAsync("""
            print([call_tool("double", number=n)["number"] for n in range(5)])
            for name in ("fail", "unknown"):
                try: call_tool(name)
                except RuntimeError as error: print(error)
            """, tools: [double_, fail], cancellationToken: Cancelled);

        Assert.Equal("[0, 2, 4, 6, 8]\nfail failed: no luck\nThere is no tool 'unknown'. There are: double, fail.\n", result.Stdout + result.Error);
    }

    [Fact]
    public async Task What_code_and_tools_tell_each_other_is_bounded()
    {
        var flood = AIFunctionFactory.Create(string () => new string('x', 2 << 20), "flood");

        var result = await sandbox.Python.RunAsync("""
            for arguments in ({}, {"text": "x" * (2 << 20)}):
                try: call_tool("flood", **arguments)
                except (RuntimeError, ValueError) as error: print(error)
            """, tools: [flood], cancellationToken: Cancelled);

        Assert.Contains("at most 1048576 reach the code. Ask it for less.\n", result.Stdout, StringComparison.Ordinal);
        Assert.EndsWith("bytes of JSON; at most 1048576 may be sent\n", result.Stdout, StringComparison.Ordinal);
        Assert.Null(result.Error);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_run_that_is_given_up_does_not_wait_for_its_tool(bool listens)
    {
        using var giveUp = new CancellationTokenSource();
        var called = new TaskCompletionSource();
        var slow = AIFunctionFactory.Create(
            async (CancellationToken cancel) =>
            {
                called.SetResult();
                await Task.Delay(Timeout.Infinite, listens ? cancel : Cancelled);
            },
            "slow");
        await RunAsync("kept = 5");
        var run = sandbox.Python.RunAsync("call_tool('slow')", tools: [slow], cancellationToken: giveUp.Token);
        await called.Task;

        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.Equal("5", (await RunAsync("kept")).Value);
    }

    [Fact]
    public async Task Programs_that_code_starts_cannot_reach_its_tools()
    {
        var called = false;
        var secret = AIFunctionFactory.Create(() => called = true, "secret");

        var result = await sandbox.Python.RunAsync(
            """
            import subprocess
            line = '{"id": 1, "call": {"tool": "secret"}}'
            subprocess.run(f"for fd in 3 4 5 6 7 8 9; do echo '{line}' >&$fd; done", shell=True, close_fds=False)
            """, tools: [secret], cancellationToken: Cancelled);

        Assert.Null(result.Error);
        Assert.False(called);
        Assert.Contains("Bad file descriptor", result.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Code_that_writes_to_the_channel_of_the_interpreter_fools_only_itself()
    {
        var result = await RunAsync("import os\nfor fd in range(3, 9):\n  try: os.write(fd, b'nonsense\\n')\n  except OSError: pass");

        Assert.NotNull(result.Error);
        Assert.Equal("3", (await RunAsync("1 + 2")).Value);
    }

    private Task<CodeResult> RunAsync(string code) => sandbox.Python.RunAsync(code, cancellationToken: Cancelled);
}
