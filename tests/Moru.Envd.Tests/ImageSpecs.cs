using Moru.Protocol;

namespace Moru.Envd.Tests;

/// <summary>What must hold in every image.</summary>
public abstract class ImageSpecs(ContainerEnvd envd, StartRequest program, string output)
{
    protected ContainerEnvd Envd { get; } = envd;

    [Fact]
    public async Task It_starts_a_process() => Assert.Equal((output, 0), await OutcomeAsync());

    [Fact]
    public async Task It_takes_init_and_stays_healthy()
    {
        var init = new InitRequest { EnvVars = new Dictionary<string, string> { ["A"] = "b" }, Timestamp = DateTimeOffset.UtcNow };

        await Envd.Client.InitAsync(init, TestContext.Current.CancellationToken);

        await Envd.Client.HealthAsync(TestContext.Current.CancellationToken);
        Assert.Equal("""{"A":"b"}""", await Envd.GetTextAsync("envs"));
    }

    [Fact]
    public async Task It_writes_reads_and_lists_files()
    {
        var content = new byte[200_000];
        new Random(1).NextBytes(content);

        await Envd.Client.WriteFileAsync("/data/deep/file.bin", new ByteArrayContent(content), null, TestContext.Current.CancellationToken);
        using var response = await Envd.Client.OpenFileAsync("/data/deep/file.bin", null, TestContext.Current.CancellationToken);
        var entries = await Envd.Client.ListDirectoryAsync(new ListDirRequest("/data", 2), null, TestContext.Current.CancellationToken);

        Assert.Equal(content, await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal([("/data/deep", FileType.Directory, 4096L), ("/data/deep/file.bin", FileType.File, 200_000L)], entries.Select(entry => (entry.Path, entry.Type, entry.Size)));
    }

    [Fact]
    public async Task It_reports_a_missing_program()
    {
        var error = await Assert.ThrowsAsync<ConnectException>(() => Envd.RunAsync(Commands.Program("no-such-program")));

        Assert.Equal(ConnectCode.InvalidArgument, error.Code);
    }

    [Fact]
    public async Task It_survives_a_hundred_processes_and_keeps_no_zombie()
    {
        for (var round = 0; round < 5; round++)
            await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => OutcomeAsync()));

        var processes = await Shell.RunAsync("docker", "top", Envd.Container, "-eo", "pid,stat,comm");
        Assert.DoesNotContain(" Z", processes);
        Assert.Equal(2, processes.Split('\n').Length);
    }

    [Fact]
    public async Task It_cannot_be_written_from_inside()
    {
        var error = await Assert.ThrowsAsync<ConnectException>(
            () => Envd.Client.WriteFileAsync(ContainerEnvd.Mount, new ByteArrayContent([1]), null, TestContext.Current.CancellationToken));

        Assert.Equal(400, error.HttpStatus);
    }

    private async Task<(string Output, int Code)> OutcomeAsync()
    {
        var result = await Envd.RunAsync(program);
        return (result.Stdout, result.End.ExitCode);
    }
}

public sealed class DebianSpecs(DebianEnvd envd) : ImageSpecs(envd, Commands.Bash("echo $HOME", "/bin/bash"), "/root\n"), IClassFixture<DebianEnvd>
{
    [Fact]
    public async Task A_user_has_his_home_and_his_groups()
    {
        var result = await Envd.ShAsync("id -un; pwd; id -G | grep -qw $(id -g) && sudo -n id -u", user: "user");

        Assert.Equal("user\n/home/user\n0\n", result.Stdout);
    }

    [Fact]
    public async Task Kill_finds_what_a_user_detached_with_sudo()
    {
        using var traces = new Traces();
        var start = Commands.Bash($"sudo -b setsid env -i sleep {traces.Seconds}; sudo -b sleep {traces.Seconds}; sleep {traces.Seconds}", "/bin/bash") with { Tag = "daemons" };
        var run = Envd.RunAsync(start, user: "user");
        await Eventually.TrueAsync(() => traces.Living().Count >= 3, "all run");

        await Envd.Client.SendSignalAsync(new ProcessSelector { Tag = "daemons" }, Signal.Kill, TestContext.Current.CancellationToken);

        Assert.Equal("signal: killed", (await run).End.Status);
        Assert.Empty(traces.Living());
    }

    [Fact]
    public async Task Not_even_root_in_the_sandbox_reads_envds_environment()
    {
        var result = await Envd.ShAsync("sudo -n cat /proc/1/environ", user: "user");

        Assert.Equal("", result.Stdout);
        Assert.Contains("Permission denied", result.Stderr);
    }

    [Fact]
    public async Task It_answers_while_the_sandbox_is_at_its_limit_of_processes()
    {
        using var traces = new Traces();
        // Not a shell: those wait longer and longer when they cannot fork, and leave room meanwhile.
        const string Bomb = """
            import os, time
            while True:
                try:
                    if os.fork() == 0: time.sleep(1000)
                except OSError: pass
            """;
        await Envd.StartAndLeaveAsync(Commands.Program("python3", "-c", Bomb, "sleep", traces.Seconds) with { Tag = "bomb" });
        await Eventually.TrueAsync(async () => await StartErrorAsync() == ConnectCode.ResourceExhausted, "the limit is reached");

        // Many at once, so that a thread pool would like to grow.
        await Task.WhenAll(Enumerable.Range(0, 400).Select(_ => StartErrorAsync()));
        await Envd.Client.HealthAsync(TestContext.Current.CancellationToken);
        using var passwd = await Envd.Client.OpenFileAsync("/etc/passwd", null, TestContext.Current.CancellationToken);
        await Envd.Client.SendSignalAsync(new ProcessSelector { Tag = "bomb" }, Signal.Kill, TestContext.Current.CancellationToken);

        Assert.Empty(traces.Living());
        Assert.Equal("well\n", (await Envd.ShAsync("echo well")).Stdout);

        async Task<ConnectCode?> StartErrorAsync()
        {
            try
            {
                await Envd.ShAsync("true");
                return null;
            }
            catch (ConnectException error)
            {
                return error.Code;
            }
        }
    }

    [Fact]
    public async Task An_orphan_of_the_engine_is_reaped()
    {
        await Shell.RunAsync("docker", "exec", Envd.Container, "sh", "-c", "(sleep 0.2 &)");

        await Eventually.TrueAsync(async () => !(await Shell.RunAsync("docker", "top", Envd.Container, "-eo", "pid,comm")).Contains("sleep"), "no zombie stays");
    }
}

public sealed class BusyboxSpecs(BusyboxEnvd envd) : ImageSpecs(envd, Commands.Bash("id; echo $HOME; pwd"), "uid=0 gid=0 groups=0\n/\n/\n"), IClassFixture<BusyboxEnvd>;

public sealed class EmptySpecs(EmptyEnvd envd)
    : ImageSpecs(envd, Commands.Program(ContainerEnvd.Mount, "--version"), EnvdVersion.Current + "\n"), IClassFixture<EmptyEnvd>;

public sealed class StopSpecs
{
    [Fact]
    public async Task The_engine_stops_it_without_waiting()
    {
        await using var envd = new EmptyEnvd();
        await envd.InitializeAsync();
        var watch = System.Diagnostics.Stopwatch.StartNew();

        await Shell.RunAsync("docker", "stop", "--time", "10", envd.Container);

        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.Equal("137", await Shell.RunAsync("docker", "inspect", "--format", "{{.State.ExitCode}}", envd.Container));
    }
}
