using System.Diagnostics;
using Moru.Protocol;

namespace Moru.Envd.Tests;

public sealed class KillSpecs(LoopbackEnvd envd) : IClassFixture<LoopbackEnvd>
{
    public static TheoryData<string> Escapes =>
    [
        "sleep SECONDS",
        "setsid sleep SECONDS & wait",
        "setsid sh -c 'setsid sleep SECONDS & setsid sleep SECONDS' & sleep SECONDS",
        "(nohup setsid sleep SECONDS >/dev/null 2>&1 &) ; (nohup sleep SECONDS >/dev/null 2>&1 &) ; sleep SECONDS",
        "bash -c 'sleep SECONDS & disown'; sleep SECONDS",
        "env -i setsid sh -c '(env -i sleep SECONDS &)'; sleep SECONDS",
        "trap '' TERM; (trap '' TERM; sleep SECONDS); sleep SECONDS",
        "set -m; sleep SECONDS & sleep SECONDS & wait",
    ];

    [Theory]
    [MemberData(nameof(Escapes))]
    public async Task A_killed_process_leaves_no_survivor(string line)
    {
        using var traces = new Traces();
        var pid = await envd.StartAndLeaveAsync(Commands.Bash(line.Replace("SECONDS", traces.Seconds), "/bin/bash"));
        await Eventually.TrueAsync(() => traces.Living().Count > 0, "the command runs");

        await KillAsync(pid);

        Assert.Empty(traces.Living());
    }

    [Theory]
    [MemberData(nameof(Escapes))]
    public async Task A_process_beyond_its_time_leaves_no_survivor(string line)
    {
        using var traces = new Traces();
        var run = envd.RunAsync(Commands.Bash(line.Replace("SECONDS", traces.Seconds), "/bin/bash"), timeout: TimeSpan.FromSeconds(1));

        var error = await Assert.ThrowsAsync<ConnectException>(() => run);

        Assert.Equal(ConnectCode.DeadlineExceeded, error.Code);
        Assert.Empty(traces.Living());
    }

    [Fact]
    public async Task Kill_finds_descendants_of_another_user()
    {
        using var traces = new Traces();
        var pid = await envd.StartAndLeaveAsync(Commands.Bash($"setpriv --reuid 65534 --clear-groups setsid sleep {traces.Seconds} & wait"));
        await Eventually.TrueAsync(() => traces.Living().Count > 0, "the command runs");

        await KillAsync(pid);

        Assert.Empty(traces.Living());
    }

    [Fact]
    public async Task Killing_one_process_leaves_the_others_alone()
    {
        using var first = new Traces();
        using var second = new Traces();
        var pid = await envd.StartAndLeaveAsync(Commands.Bash($"setsid sleep {first.Seconds} & wait"));
        await envd.StartAndLeaveAsync(Commands.Bash($"setsid sleep {second.Seconds} & wait"));
        await Eventually.TrueAsync(() => first.Living().Count > 0 && second.Living().Count > 0, "both run");

        await KillAsync(pid);

        Assert.Empty(first.Living());
        Assert.NotEmpty(second.Living());
    }

    [Fact]
    public async Task A_fork_bomb_ends_with_its_kill()
    {
        using var traces = new Traces();
        var pid = await envd.StartAndLeaveAsync(Commands.Bash($"for i in $(seq 100); do setsid sleep {traces.Seconds} & done; wait"));
        await Eventually.TrueAsync(() => traces.Living().Count > 10, "many run");

        await KillAsync(pid);

        Assert.Empty(traces.Living());
    }

    [Fact]
    public async Task Terminate_reaches_the_whole_group_and_lets_it_clean_up()
    {
        using var traces = new Traces();
        var run = envd.RunAsync(new StartRequest
        {
            Tag = "polite",
            Process = new ProcessConfig { Cmd = "/bin/bash", Args = ["-c", $"trap 'echo bye; exit 7' TERM; sleep {traces.Seconds} & wait"] },
        });
        await Eventually.TrueAsync(() => traces.Living().Count > 0, "the command runs");

        await envd.Client.SendSignalAsync(new ProcessSelector { Tag = "polite" }, Signal.Terminate, TestContext.Current.CancellationToken);

        var result = await run;
        Assert.Equal(("bye\n", 7), (result.Stdout, result.End.ExitCode));
        await Eventually.TrueAsync(() => traces.Living().Count == 0, "the background process got the signal too");
    }

    [Fact]
    public async Task After_a_signal_nobody_waits_for_a_survivor_that_holds_the_output()
    {
        using var traces = new Traces();
        var run = envd.RunAsync(new StartRequest
        {
            Tag = "holder",
            Process = new ProcessConfig { Cmd = "/bin/bash", Args = ["-c", $"echo words; setsid sleep {traces.Seconds} & sleep {traces.Seconds}"] },
        });
        await Eventually.TrueAsync(() => traces.Living().Count == 2, "both run");

        await envd.Client.SendSignalAsync(new ProcessSelector { Tag = "holder" }, Signal.Terminate, TestContext.Current.CancellationToken);

        var result = await run.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
        Assert.Equal(("words\n", "signal: terminated"), (result.Stdout, result.End.Status));
    }

    [Fact]
    public async Task A_killed_pid_is_gone_from_the_system()
    {
        using var traces = new Traces();
        var pid = await envd.StartAndLeaveAsync(Commands.Program("sleep", traces.Seconds));

        await KillAsync(pid);

        await Eventually.TrueAsync(() => !Directory.Exists($"/proc/{pid}"), "the process is reaped");
    }

    [Fact]
    public async Task Orphans_are_reaped()
    {
        var result = await envd.ShAsync("(sh -c 'echo $$; sleep 0.1' &)");

        var orphan = result.Stdout.Trim();
        await Eventually.TrueAsync(() => !Directory.Exists($"/proc/{orphan}"), "the orphan is reaped");
    }

    [Fact]
    public async Task A_time_limit_may_be_a_fraction_and_holds_without_a_listener()
    {
        using var traces = new Traces();
        var watch = Stopwatch.StartNew();

        var messages = await envd.StartAsync($$$"""{"process":{"cmd":"sleep","args":["{{{traces.Seconds}}}"]}}""", (Headers.ConnectTimeoutMs, "500.5"));

        Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(0.4), TimeSpan.FromSeconds(10));
        Assert.Equal("deadline_exceeded", messages[^1].ErrorCode);
        Assert.DoesNotContain(messages, message => message.Json.TryGetProperty("event", out var item) && item.TryGetProperty("end", out _));
    }

    [Fact]
    public async Task A_time_limit_outlives_the_client()
    {
        using var traces = new Traces();
        await foreach (var item in envd.Client.StartAsync(Commands.Program("sleep", traces.Seconds), null, TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken))
        {
            Assert.NotNull(item.Start);
            Assert.NotEmpty(traces.Living());
            break;
        }

        await Eventually.TrueAsync(() => traces.Living().Count == 0, "the time limit ends the process");
    }

    [Fact]
    public async Task A_time_limit_that_is_no_number_is_refused()
    {
        var end = Assert.Single(await envd.StartAsync("""{"process":{"cmd":"true"}}""", (Headers.ConnectTimeoutMs, "soon")));

        Assert.Equal("invalid_argument", end.ErrorCode);
    }

    [Theory]
    [InlineData("""{"process":{"pid":4000000},"signal":"SIGNAL_SIGKILL"}""", "not_found")]
    [InlineData("""{"process":{"tag":"nobody"},"signal":9}""", "not_found")]
    [InlineData("""{"process":{},"signal":"SIGNAL_SIGKILL"}""", "invalid_argument")]
    [InlineData("""{"signal":"SIGNAL_SIGKILL"}""", "invalid_argument")]
    [InlineData("""{"process":{"pid":1},"signal":"SIGNAL_SIGHUP"}""", "invalid_argument")]
    [InlineData("{", "invalid_argument")]
    public async Task A_signal_that_cannot_be_sent_says_why(string json, string code)
    {
        var (_, body) = await envd.PostJsonAsync("process.Process/SendSignal", json);

        Assert.Equal(code, body.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Other_signals_are_not_offered()
    {
        using var traces = new Traces();
        var pid = await envd.StartAndLeaveAsync(Commands.Program("sleep", traces.Seconds));

        var (_, body) = await envd.PostJsonAsync("process.Process/SendSignal", $$"""{"process":{"pid":{{pid}}},"signal":1}""");

        Assert.Equal("unimplemented", body.GetProperty("code").GetString());
        await KillAsync(pid);
    }

    private Task KillAsync(int pid) =>
        envd.Client.SendSignalAsync(new ProcessSelector { Pid = pid }, Signal.Kill, TestContext.Current.CancellationToken);
}
