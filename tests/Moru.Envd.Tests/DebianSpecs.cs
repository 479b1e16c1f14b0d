using Moru.Protocol;

namespace Moru.Envd.Tests;

/// <summary>What needs the users and the programs of the base template.</summary>
public sealed class DebianSpecs(DebianEnvd envd) : ShellSpecs(envd, Commands.Bash("echo $HOME", "/bin/bash"), "/root\n"), IClassFixture<DebianEnvd>
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

        await Envd.Client.SendSignalAsync(new ProcessSelector { Tag = "daemons" }, Signal.Kill, Cancelled);

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
        await Envd.Client.HealthAsync(Cancelled);
        using var passwd = await Envd.Client.OpenFileAsync("/etc/passwd", null, Cancelled);
        await Envd.Client.SendSignalAsync(new ProcessSelector { Tag = "bomb" }, Signal.Kill, Cancelled);

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
