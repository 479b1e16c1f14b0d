using System.Text;
using System.Text.Json;
using Moru.Protocol;

namespace Moru.Envd.Tests;

public sealed class ProcessSpecs(LoopbackEnvd envd) : IClassFixture<LoopbackEnvd>
{
    [Fact]
    public async Task A_command_streams_its_output_and_its_exit_code()
    {
        var result = await envd.ShAsync("echo out; echo err >&2; exit 3");

        Assert.Equal(("out\n", "err\n"), (result.Stdout, result.Stderr));
        Assert.Equal(new ProcessEnded { ExitCode = 3, Exited = true, Status = "exit status 3", Error = "exit status 3" }, result.End);
    }

    [Fact]
    public async Task Success_has_a_status_and_no_error()
    {
        var messages = await envd.StartAsync("""{"process":{"cmd":"true"},"stdin":false}""");

        Assert.Equal("start", messages[0].Json.GetProperty("event").EnumerateObject().Single().Name);
        Assert.Equal("""{"event":{"end":{"exited":true,"status":"exit status 0"}}}""", messages[1].Json.GetRawText());
        Assert.Equal(("{}", Envelope.EndStreamFlag), (messages[2].Json.GetRawText(), messages[2].Flags));
    }

    [Fact]
    public async Task A_process_that_a_signal_ends_says_so_in_the_words_of_Go()
    {
        var killed = await envd.ShAsync("kill -KILL $$");
        var crashed = await envd.ShAsync("kill -TERM $$");

        Assert.Equal(new ProcessEnded { ExitCode = -1, Status = "signal: killed", Error = "signal: killed" }, killed.End);
        Assert.Equal("signal: terminated", crashed.End.Status);
    }

    [Fact]
    public async Task The_environment_is_the_users_and_nothing_else()
    {
        var result = await envd.RunAsync(Commands.Program("env"), user: "nobody");

        var names = result.Stdout.TrimEnd('\n').Split('\n').Select(line => line.Split('=')[0]).Order();
        Assert.Equal(["HOME", "LOGNAME", "PATH", "USER"], names);
        Assert.Contains("USER=nobody\n", result.Stdout);
    }

    [Fact]
    public async Task The_user_has_his_own_ids_and_no_way_back()
    {
        var result = await envd.ShAsync("id -u; id -g; id -G; grep -E '^(Uid|Gid)' /proc/self/status | tr '\\t' ' '; cat /etc/shadow", user: "nobody");

        Assert.Equal("65534\n65534\n65534\nUid: 65534 65534 65534 65534\nGid: 65534 65534 65534 65534\n", result.Stdout);
        Assert.Contains("Permission denied", result.Stderr);
    }

    [Fact]
    public async Task Envd_stays_root_after_it_started_a_process_of_another_user()
    {
        await envd.ShAsync("true", user: "nobody");

        var status = await File.ReadAllTextAsync($"/proc/{envd.Pid}/status", TestContext.Current.CancellationToken);
        Assert.Contains("Uid:\t0\t0\t0\t0", status);
        Assert.Contains("Max resident set          unlimited            unlimited", await File.ReadAllTextAsync($"/proc/{envd.Pid}/limits", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_process_cannot_read_envds_environment_or_memory()
    {
        var result = await envd.ShAsync($"cat /proc/{envd.Pid}/environ; ls -l /proc/{envd.Pid}/fd", user: "nobody");

        Assert.DoesNotContain("SECRET_OF_ENVD", result.Stdout);
        Assert.Equal(2, result.Stderr.Split("Permission denied").Length - 1);
    }

    [Fact]
    public async Task No_descriptor_of_envd_reaches_a_process()
    {
        // Some work at the same time, so that there is something to leak.
        var others = Enumerable.Range(0, 8).Select(_ => envd.ShAsync("ls -l /")).ToArray();

        var result = await envd.ShAsync("ls -l /proc/self/fd");

        await Task.WhenAll(others);
        var descriptors = result.Stdout.Split('\n').Where(line => line.Contains("->", StringComparison.Ordinal)).Select(line => line.Split(" -> ")[1]).ToArray();
        Assert.Equal("/dev/null", descriptors[0]);
        Assert.All(descriptors[1..3], target => Assert.StartsWith("pipe:", target));
        Assert.StartsWith("/proc/", Assert.Single(descriptors[3..]));
    }

    [Fact]
    public async Task No_signal_is_blocked_or_ignored()
    {
        var result = await envd.ShAsync("grep -E 'Sig(Blk|Ign)' /proc/self/status");

        // Without 32 and 33, which belong to glibc.
        Assert.All(result.Stdout.TrimEnd('\n').Split('\n'), line => Assert.Equal(0UL, Convert.ToUInt64(line.Split('\t')[1], 16) & ~0x1_8000_0000UL));
    }

    [Fact]
    public async Task A_process_leads_its_own_session()
    {
        var result = await envd.ShAsync("ps -o pid=,pgid=,sid= -p $$ | xargs");

        Assert.Equal($"{result.Pid} {result.Pid} {result.Pid}\n", result.Stdout);
    }

    [Fact]
    public async Task Every_process_is_offered_to_the_oom_killer_and_envd_is_not()
    {
        // The children are made at once, before anybody could have looked for them.
        var result = await envd.RunAsync(Commands.Bash("cat /proc/self/oom_score_adj; (cat /proc/self/oom_score_adj; (cat /proc/self/oom_score_adj)); exec cat /proc/self/oom_score_adj"));

        Assert.All(result.Stdout.TrimEnd('\n').Split('\n'), score => Assert.InRange(int.Parse(score, System.Globalization.CultureInfo.InvariantCulture), 100, 1000));
        Assert.Equal("0\n", await File.ReadAllTextAsync($"/proc/{envd.Pid}/oom_score_adj", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_process_may_reopen_its_output_by_name()
    {
        var result = await envd.ShAsync("echo again > /dev/stdout", user: "nobody");

        Assert.Equal("again\n", result.Stdout);
    }

    [Fact]
    public async Task Stdin_is_empty_unless_it_is_asked_for()
    {
        var none = await envd.RunAsync(Commands.Program("readlink", "/proc/self/fd/0"));
        var asked = await envd.RunAsync(Commands.Program("readlink", "/proc/self/fd/0") with { Stdin = true });
        var byDefault = await envd.RunAsync(Commands.Program("readlink", "/proc/self/fd/0") with { Stdin = null });

        Assert.Equal("/dev/null\n", none.Stdout);
        Assert.StartsWith("pipe:", asked.Stdout);
        Assert.StartsWith("pipe:", byDefault.Stdout);
    }

    [Fact]
    public async Task A_process_is_listed_with_its_configuration_while_it_runs()
    {
        using var traces = new Traces();
        var config = new ProcessConfig { Cmd = "sleep", Args = [traces.Seconds], Cwd = "/usr", Envs = new Dictionary<string, string> { ["A"] = "b" } };
        var pid = await envd.StartAndLeaveAsync(new StartRequest { Process = config, Tag = "nap", Stdin = false });

        var listed = Assert.Single(await ListAsync(), process => process.Pid == pid);
        await envd.Client.SendSignalAsync(new ProcessSelector { Tag = "nap" }, Signal.Kill, TestContext.Current.CancellationToken);

        Assert.Equal(("nap", "sleep", "/usr", "b"), (listed.Tag, listed.Config.Cmd, listed.Config.Cwd, listed.Config.Envs?["A"]));
        await Eventually.TrueAsync(async () => (await ListAsync()).All(process => process.Pid != pid), "the ended process leaves the list");
    }

    [Fact]
    public async Task A_process_outlives_its_client()
    {
        using var traces = new Traces();
        await envd.StartAndLeaveAsync(Commands.Bash($"yes | head -c 1000000; sleep {traces.Seconds} & wait"));

        await Eventually.TrueAsync(() => traces.Living().Count > 0, "the process goes on when nobody reads its output");
    }

    [Fact]
    public async Task Background_processes_stay_alive_after_a_normal_exit()
    {
        using var traces = new Traces();

        var result = await envd.ShAsync($"sleep {traces.Seconds} >/dev/null 2>&1 & echo started");

        Assert.Equal("started\n", result.Stdout);
        await Eventually.TrueAsync(() => traces.Living().Count == 1, "the background process goes on");
    }

    [Fact]
    public async Task The_stream_stays_open_while_a_background_process_holds_the_output()
    {
        var result = await envd.ShAsync("(sleep 0.5; echo late) & echo early");

        Assert.Equal("early\nlate\n", result.Stdout);
    }

    [Fact]
    public async Task Silence_is_filled_with_keepalives()
    {
        var messages = await envd.StartAsync("""{"process":{"cmd":"sleep","args":["0.6"]}}""", (Headers.KeepalivePingInterval, "0.1"));

        var kinds = messages.SkipLast(1).Select(message => message.Json.GetProperty("event").EnumerateObject().Single().Name).ToArray();
        Assert.Equal(("start", "end"), (kinds[0], kinds[^1]));
        Assert.True(kinds.Count(kind => kind == "keepalive") >= 2, string.Join(' ', kinds));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-5")]
    [InlineData("soon")]
    public async Task A_senseless_keepalive_interval_means_the_default(string interval)
    {
        var messages = await envd.StartAsync("""{"process":{"cmd":"sleep","args":["0.2"]}}""", (Headers.KeepalivePingInterval, interval));

        Assert.Equal(3, messages.Count);
    }

    [Theory]
    [InlineData("""{"process":{"cmd":"no-such-program"}}""", "invalid_argument", "executable 'no-such-program' not found in PATH")]
    [InlineData("""{"process":{"cmd":"/no/such/program"}}""", "invalid_argument", "cannot start '/no/such/program': no such file")]
    [InlineData("""{"process":{"cmd":"/etc/passwd"}}""", "invalid_argument", "cannot start '/etc/passwd' in '/root' as user 'root': permission denied")]
    [InlineData("""{"process":{"cmd":"true","cwd":"/no/such"}}""", "invalid_argument", "cwd '/no/such' does not exist")]
    [InlineData("""{"process":{"cmd":"true","cwd":"~other"}}""", "invalid_argument", "cannot expand '~other'")]
    [InlineData("""{"process":{}}""", "invalid_argument", "cmd")]
    [InlineData("""{"process":null}""", "invalid_argument", "process.cmd is missing")]
    [InlineData("""{"process":{"cmd":"true","args":[null]}}""", "invalid_argument", "process.ProcessConfig.args must")]
    [InlineData("""{"process":{"cmd":"tr\u0000ue"}}""", "invalid_argument", "process.cmd has a NUL character (U+0000) at offset 2")]
    [InlineData("""{"process":{"cmd":"bash","args":["-c","echo \u0000"]}}""", "invalid_argument", "process.args[1] has a NUL character (U+0000) at offset 5, which no argument can hold; write an escape that the program reads, or put the text into a file")]
    [InlineData("""{"process":{"cmd":"true","envs":{"A=B":"1"}}}""", "invalid_argument", "'A=B' is no name of an environment variable: it has a '='")]
    [InlineData("""{"process":{"cmd":"true","envs":{"":"1"}}}""", "invalid_argument", "the name of an environment variable is empty")]
    [InlineData("""{"process":{"cmd":"true","envs":{"A\u0000":"1"}}}""", "invalid_argument", "'A?' is no name of an environment variable: it has a NUL character")]
    [InlineData("""{"process":{"cmd":"true","envs":{"A":"1\u0000"}}}""", "invalid_argument", "the value of environment variable 'A' has a NUL character")]
    [InlineData("""{"process":{"cmd":"true","envs":{"A":null}}}""", "invalid_argument", "process.ProcessConfig.envs must")]
    [InlineData("{", "invalid_argument", "malformed message")]
    [InlineData("null", "invalid_argument", "process.StartRequest must be")]
    public async Task A_start_that_cannot_be_fails_inside_the_stream(string json, string code, string message)
    {
        var end = Assert.Single(await envd.StartAsync(json));

        Assert.Equal((Envelope.EndStreamFlag, code), (end.Flags, end.ErrorCode));
        Assert.Contains(message, end.ErrorMessage);
    }

    [Fact]
    public async Task An_unknown_user_is_refused_by_name()
    {
        var credentials = Convert.ToBase64String(Encoding.UTF8.GetBytes("ghost:"));
        var end = Assert.Single(await envd.StartAsync("""{"process":{"cmd":"true"}}""", ("Authorization", $"Basic {credentials}")));

        Assert.Equal(("unauthenticated", "invalid username: 'ghost'"), (end.ErrorCode, end.ErrorMessage));
    }

    [Fact]
    public async Task An_argument_list_beyond_the_kernels_limit_is_refused()
    {
        var one = await FailAsync(["a", new string('é', 65_536)], []);
        var variable = await FailAsync([], new() { ["LONG"] = new string('x', 131_072) });
        var all = await FailAsync([.. Enumerable.Repeat(new string('x', 131_071), 24)], []);

        Assert.Equal("cannot start 'true': process.args[1] has 131072 bytes, and Linux takes at most 131071 in one; put it into a file and pass the file's name", one);
        Assert.Equal("cannot start 'true': environment variable 'LONG' with its name has 131077 bytes, and Linux takes at most 131071 in one; put it into a file and pass the file's name", variable);
        Assert.Matches("^cannot start 'true': its arguments and environment have 314[0-9]{4} bytes, and Linux takes some 2 MiB in all; put the long ones into files and pass the files' names$", all);

        async Task<string?> FailAsync(string[] args, Dictionary<string, string> envs)
        {
            var end = Assert.Single(await envd.StartAsync(JsonSerializer.Serialize(new { process = new { cmd = "true", args, envs } })));
            Assert.Equal("invalid_argument", end.ErrorCode);
            return end.ErrorMessage;
        }
    }

    [Theory]
    [InlineData("-1", "malformed message: process.ProcessSelector.pid must be a whole number from 0 to 4294967295, not -1")]
    [InlineData("1.5", "malformed message: process.ProcessSelector.pid must be a whole number from 0 to 4294967295, not 1.5")]
    [InlineData("0", "process with pid 0 not found")]
    public async Task A_process_that_cannot_be_is_named(string pid, string message)
    {
        var (_, body) = await envd.PostJsonAsync("process.Process/SendSignal", $$"""{"process":{"pid":{{pid}}},"signal":"SIGNAL_SIGKILL"}""");

        Assert.Equal(message, body.GetProperty("message").GetString());
    }

    [Fact]
    public async Task Short_commands_by_the_hundred_all_report_their_own_exit_code()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => envd.ShAsync($"exit {i % 100}")));

        Assert.Equal(Enumerable.Range(0, 200).Select(i => i % 100), results.Select(result => result.End.ExitCode));
    }

    private Task<IReadOnlyList<ProcessInfo>> ListAsync() => envd.Client.ListProcessesAsync(TestContext.Current.CancellationToken);
}
