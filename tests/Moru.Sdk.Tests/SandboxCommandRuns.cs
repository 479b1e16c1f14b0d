using System.Diagnostics;

namespace Moru.Sdk.Tests;

public sealed class SandboxCommandRuns(ServerFixture fixture) : IAsyncLifetime
{
    private Sandbox sandbox = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => sandbox = await fixture.Client.CreateSandboxAsync(cancellationToken: Cancelled);

    public ValueTask DisposeAsync() => sandbox.DisposeAsync();

    [Fact]
    public async Task A_command_runs_as_the_user_in_its_home()
    {
        var result = await RunAsync("id -un; pwd; echo oops >&2");

        Assert.Equal((0, "user\n/home/user\n", "oops\n", null), (result.ExitCode, result.Stdout, result.Stderr, result.Error));
    }

    [Fact]
    public async Task User_directory_and_environment_can_be_chosen()
    {
        var result = await RunAsync(
            "id -un; pwd; echo $X", new() { User = "root", Cwd = "/tmp", Envs = new Dictionary<string, string> { ["X"] = "a b" } });

        Assert.Equal("root\n/tmp\na b\n", result.Stdout);
    }

    [Fact]
    public async Task Output_arrives_while_the_command_runs()
    {
        var lines = System.Threading.Channels.Channel.CreateUnbounded<string>();
        var run = RunAsync("echo one; while [ ! -e /tmp/go ]; do sleep 0.02; done; echo two", new() { OnStdout = text => lines.Writer.TryWrite(text) });

        Assert.Equal("one\n", await lines.Reader.ReadAsync(Cancelled));
        await sandbox.Files.WriteAsync("/tmp/go", "", cancellationToken: Cancelled);

        Assert.Equal("one\ntwo\n", (await run).Stdout);
        Assert.Equal("two\n", await lines.Reader.ReadAsync(Cancelled));
    }

    [Fact]
    public async Task A_non_zero_exit_is_an_exception_with_everything_known()
    {
        var error = await Assert.ThrowsAsync<CommandExitException>(() => RunAsync("echo out; echo err >&2; exit 3"));

        Assert.Equal((3, "out\n", "err\n", "exit status 3"), (error.ExitCode, error.Stdout, error.Stderr, error.Result.Error));
    }

    [Fact]
    public async Task A_command_that_overruns_is_killed_with_all_it_started()
    {
        var error = await Assert.ThrowsAsync<SandboxTimeoutException>(
            () => RunAsync("trap '' TERM; echo before; setsid sleep 7777 & nohup sleep 7778 & sudo setsid -f sleep 7776; sleep 7779", new() { Timeout = TimeSpan.FromSeconds(1) }));

        Assert.Equal("before\n", error.PartialResult!.Stdout);
        await NoneRunsAsync("sleep 777");
    }

    [Fact]
    public async Task A_cancelled_command_is_killed_with_all_it_started()
    {
        using var giveUp = new CancellationTokenSource();
        var started = new TaskCompletionSource();
        var run = sandbox.Commands.RunAsync(
            "trap '' TERM INT; (setsid sleep 8888 &) ; echo go; sleep 8889", new() { OnStdout = _ => started.TrySetResult() }, giveUp.Token);
        await started.Task.WaitAsync(Eventually.Limit, Cancelled);

        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        await NoneRunsAsync("sleep 888");
    }

    [Fact]
    public async Task A_server_started_in_the_background_outlives_its_command()
    {
        await RunAsync("nohup sleep 9999 > /dev/null 2>&1 &");

        // The shell does not wait for what it starts to become that.
        await Eventually.TrueAsync(async () => (await RunAsync("pgrep -cf '^sleep 9999' || true")).Stdout.Trim() == "1");
    }

    [Fact]
    public async Task A_running_command_is_listed_and_can_be_killed()
    {
        var run = RunAsync("sleep 6666");
        int? pid = null;
        await Eventually.TrueAsync(
            async () => (pid = (await sandbox.Commands.ListAsync(Cancelled)).FirstOrDefault(process => process.Command == "sleep 6666")?.Pid) is not null,
            "the command is listed");

        Assert.True(await sandbox.Commands.KillAsync(pid!.Value, Cancelled));

        var error = await Assert.ThrowsAsync<CommandExitException>(() => run);
        Assert.Equal((-1, "signal: killed"), (error.ExitCode, error.Result.Error));
        Assert.False(await sandbox.Commands.KillAsync(pid.Value, Cancelled));
    }

    [Fact]
    public async Task A_gigabyte_of_output_arrives_whole_and_is_kept_at_both_ends()
    {
        long received = 0;
        var result = await RunAsync(
            "echo first; head -c 1073741824 /dev/zero | tr '\\0' 'x'; echo; echo last",
            new() { OutputLimit = 1000, OnStdout = text => received += text.Length, Timeout = TimeSpan.FromMinutes(3) });

        const long Total = (1L << 30) + 6 + 1 + 5;
        Assert.Equal(Total, received);
        Assert.Equal(Total - 1000, result.StdoutDropped);
        Assert.StartsWith("first\nxxx", result.Stdout, StringComparison.Ordinal);
        Assert.EndsWith("xxx\nlast\n", result.Stdout, StringComparison.Ordinal);
        Assert.InRange(result.Stdout.Length, 1000, 1100);
    }

    [Fact]
    public async Task Characters_cut_between_chunks_stay_whole()
    {
        var result = await RunAsync("python3 -c \"print('é🌍' * 200000, end='')\"");

        Assert.Equal(string.Concat(Enumerable.Repeat("é🌍", 200000)), result.Stdout);
    }

    [Fact]
    public async Task Many_commands_run_side_by_side()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 24).Select(n => RunAsync($"echo {n}")));

        Assert.Equal(Enumerable.Range(0, 24).Select(n => $"{n}\n"), results.Select(result => result.Stdout));
    }

    [Fact]
    public async Task An_unknown_user_and_a_missing_directory_are_named()
    {
        var user = await Assert.ThrowsAsync<AuthenticationException>(() => RunAsync("true", new() { User = "nobody-here" }));
        Assert.Contains("nobody-here", user.Message, StringComparison.Ordinal);

        var directory = await Assert.ThrowsAsync<InvalidArgumentException>(() => RunAsync("true", new() { Cwd = "/no/such/directory" }));
        Assert.Contains("/no/such/directory", directory.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Packages_can_be_installed_with_sudo()
    {
        var result = await RunAsync("sudo apt-get update -qq && sudo apt-get install -y -qq tree > /dev/null && tree --version", new() { Timeout = TimeSpan.FromMinutes(3) });

        Assert.Contains("tree v", result.Stdout, StringComparison.Ordinal);
    }

    private Task<CommandResult> RunAsync(string command, CommandOptions? options = null) => sandbox.Commands.RunAsync(command, options, Cancelled);

    private Task NoneRunsAsync(string command) => Eventually.TrueAsync(
        async () => (await RunAsync($"pgrep -cf '^{command}' || true")).Stdout.Trim() == "0", $"no '{command}' survives");
}
