using System.Text;
using Moru.Protocol;

namespace Moru.Envd.Tests;

/// <summary>What must hold in every image that has a shell.</summary>
public abstract class ShellSpecs(ContainerEnvd envd, StartRequest program, string output) : ImageSpecs(envd, program, output)
{
    [Fact]
    public async Task A_process_has_its_environment_and_directory()
    {
        var process = new ProcessConfig { Cmd = "sh", Args = ["-c", "echo $MINE; pwd; env"], Cwd = "/tmp", Envs = new Dictionary<string, string> { ["MINE"] = "own" } };

        var result = await Envd.RunAsync(new StartRequest { Process = process, Stdin = false });

        Assert.StartsWith("own\n/tmp\n", result.Stdout, StringComparison.Ordinal);
        Assert.DoesNotContain("HOSTNAME=", result.Stdout, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_process_writes_to_both_outputs_and_has_an_exit_code()
    {
        var result = await Envd.ShAsync("echo out; echo err >&2; exit 3");

        Assert.Equal(("out\n", "err\n", 3), (result.Stdout, result.Stderr, result.End.ExitCode));
    }

    [Fact]
    public async Task A_process_reads_what_is_sent_to_it()
    {
        var start = Commands.Bash("read a; read b; echo $b $a") with { Stdin = true, Tag = "reader" };
        var run = Envd.RunAsync(start);
        await Eventually.TrueAsync(async () => (await Envd.Client.ListProcessesAsync(Cancelled)).Any(process => process.Tag == "reader"), "it runs");

        foreach (var line in (string[])["one\n", "two\n"])
            await Envd.Client.SendInputAsync(new ProcessSelector { Tag = "reader" }, new ProcessInput { Stdin = Encoding.UTF8.GetBytes(line) }, Cancelled);

        Assert.Equal("two one\n", (await run).Stdout);
    }

    [Fact]
    public async Task A_kill_takes_every_descendant()
    {
        using var traces = new Traces();
        var run = Envd.RunAsync(Commands.Bash($"setsid sleep {traces.Seconds} & (trap '' HUP; exec sleep {traces.Seconds}) & sleep {traces.Seconds}") with { Tag = "family" });
        await Eventually.TrueAsync(() => traces.Living().Count >= 3, "all run");

        await Envd.Client.SendSignalAsync(new ProcessSelector { Tag = "family" }, Signal.Kill, Cancelled);

        Assert.Equal("signal: killed", (await run).End.Status);
        Assert.Empty(traces.Living());
    }

    [Fact]
    public async Task A_process_that_is_too_slow_is_killed()
    {
        using var traces = new Traces();

        var error = await Assert.ThrowsAsync<ConnectException>(() => Envd.ShAsync($"sleep {traces.Seconds}", timeout: TimeSpan.FromMilliseconds(300)));

        Assert.Equal(ConnectCode.DeadlineExceeded, error.Code);
        Assert.Empty(traces.Living());
    }

    [Fact]
    public async Task A_shell_has_a_terminal()
    {
        var shell = new ProcessSelector { Tag = "terminal" };
        var start = Commands.Program("sh") with { Pty = new Pty(new PtySize(80, 24)), Tag = shell.Tag, Stdin = null };
        await using var events = Envd.Client.StartAsync(start, null, null, Cancelled).GetAsyncEnumerator(Cancelled);
        var screen = "";

        await TypeAsync("echo $((6 * 7)) $(stty size)\n");
        await ShowsAsync("42 24 80");
        await Envd.Client.ResizeAsync(shell, new PtySize(132, 50), Cancelled);
        await TypeAsync("stty size\n");
        await ShowsAsync("50 132");
        await TypeAsync("exit 7\n");
        while (events.Current.End is null) Assert.True(await events.MoveNextAsync());

        Assert.Equal(7, events.Current.End.ExitCode);

        async Task ShowsAsync(string text)
        {
            while (!screen.Contains(text, StringComparison.Ordinal))
            {
                Assert.True(await events.MoveNextAsync(), $"'{text}' is not in: {screen}");
                screen += Encoding.UTF8.GetString((events.Current.Data?.Pty ?? default).Span);
            }
        }

        async Task TypeAsync(string keys)
        {
            if (screen.Length == 0) Assert.True(await events.MoveNextAsync());
            await Envd.Client.SendInputAsync(shell, new ProcessInput { Pty = Encoding.UTF8.GetBytes(keys) }, Cancelled);
        }
    }
}

public sealed class BusyboxSpecs(BusyboxEnvd envd) : ShellSpecs(envd, Commands.Bash("id; echo $HOME; pwd"), "uid=0 gid=0 groups=0\n/\n/\n"), IClassFixture<BusyboxEnvd>;

public sealed class MuslSpecs(MuslEnvd envd) : ShellSpecs(envd, Commands.Bash("id; echo $HOME; pwd"), "uid=0 gid=0 groups=0\n/\n/\n"), IClassFixture<MuslEnvd>
{
    [Fact]
    public async Task The_shell_is_linked_with_musl() => Assert.Contains("/lib/ld-musl-", (await Envd.ShAsync("cat /proc/$$/maps")).Stdout);
}
