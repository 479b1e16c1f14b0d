using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Moru.Protocol;

namespace Moru.Envd.Tests;

public sealed class DebianTerminalSpecs(DebianEnvd envd) : IClassFixture<DebianEnvd>
{
    [Fact]
    public async Task A_users_login_shell_owns_its_terminal()
    {
        await using var shell = await Conversation.StartAsync(envd, Terminals.Program("/bin/bash", "-i", "-l"), "user");

        await shell.TypeAsync("stat -c '%U %G %a' $(tty); echo via tty > /dev/tty; stty size; tput cols; exit\r");

        Assert.Equal(0, (await shell.EndAsync()).ExitCode);
        Assert.Contains("user tty 620\r\n", shell.Seen);
        Assert.Contains("\r\nvia tty\r\n24 80\r\n80\r\n", shell.Seen);
    }

    [Theory]
    [InlineData("python3", "print(6 * 7)\r", "42", "exit()\r")]
    [InlineData("less /etc/passwd", "", "root:x:0:0", "q")]
    [InlineData("top", "", "PID", "q")]
    [InlineData("sudo cat", "key\r", "key\r\nkey", "\x04")]
    public async Task Programs_that_need_a_terminal_run(string program, string keys, string shown, string leave)
    {
        await using var shell = await Conversation.StartAsync(envd, Terminals.Program("/bin/bash", "-l", "-c", program), "user");
        if (keys.Length > 0) await shell.TypeAsync(keys);
        await shell.ShowsAsync(shown);

        await shell.TypeAsync(leave);

        Assert.Equal(0, (await shell.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task Vim_fills_the_screen_follows_its_size_and_saves()
    {
        Assert.Equal(0, (await envd.ShAsync("apt-get update -qq && apt-get install -qq --yes --no-install-recommends vim-tiny", "root")).End.ExitCode);
        await using var vim = await Conversation.StartAsync(envd, Terminals.Program("vim.tiny", "/tmp/note"), "user");
        await vim.ShowsAsync("\"/tmp/note\"");

        await vim.ResizeAsync(100, 40);
        await vim.TypeAsync("ione\rtwo\x1b:set lines? columns?\r");
        await vim.ShowsAsync("lines=40");
        await vim.ShowsAsync("columns=100");
        await vim.TypeAsync("\r:wq\r");

        Assert.Equal(0, (await vim.EndAsync()).ExitCode);
        Assert.Equal("one\ntwo\n", (await envd.ShAsync("cat /tmp/note")).Stdout);
    }

    [Fact]
    public async Task Processes_of_any_user_are_offered_to_the_oom_killer_and_envd_is_not()
    {
        var result = await envd.ShAsync("cat /proc/1/oom_score_adj; (cat /proc/self/oom_score_adj) & wait; cat /proc/self/oom_score_adj", "user");

        Assert.Equal("0", result.Stdout.Split('\n')[0]);
        Assert.All(result.Stdout.TrimEnd('\n').Split('\n')[1..], score => Assert.InRange(int.Parse(score, CultureInfo.InvariantCulture), 100, 1000));
    }
}

public sealed class ScarceTerminalSpecs
{
    private const string TwoTerminals = "mount -t devpts -o newinstance,max=2,ptmxmode=0666 devpts /dev/pts && mount --bind /dev/pts/ptmx /dev/ptmx";
    private const string NoTerminals = "mount -t tmpfs tmpfs /dev/pts";

    [Fact]
    public async Task The_last_terminal_is_told_from_the_one_too_many()
    {
        await using var envd = new PreparedEnvd(TwoTerminals);
        await envd.InitializeAsync();
        await using var first = await Conversation.StartAsync(envd, Terminals.Program("cat"));
        await using var second = await Conversation.StartAsync(envd, Terminals.Program("cat"));

        var end = Assert.Single(await envd.StartAsync("""{"process":{"cmd":"cat"},"pty":{}}"""));
        await first.KillAsync();
        await first.EndAsync();
        await using var third = await Conversation.StartAsync(envd, Terminals.Program("cat"));

        Assert.Equal(("resource_exhausted", "no terminal is left in the sandbox; end a process that has one"), (end.ErrorCode, end.ErrorMessage));
    }

    [Fact]
    public async Task A_sandbox_without_terminals_says_so_and_runs_all_else()
    {
        await using var envd = new PreparedEnvd(NoTerminals);
        await envd.InitializeAsync();

        var end = Assert.Single(await envd.StartAsync("""{"process":{"cmd":"true"},"pty":{}}"""));

        Assert.Equal("failed_precondition", end.ErrorCode);
        Assert.Contains("the sandbox offers no terminals", end.ErrorMessage);
        Assert.Equal(0, (await envd.RunAsync(Commands.Program("true"))).End.ExitCode);
    }
}

/// <summary>envd in a mount namespace of its own, which a shell line prepares.</summary>
/// <param name="prepare">The line; it fails when the namespace cannot be had.</param>
internal sealed class PreparedEnvd(string prepare) : EnvdHost
{
    private Process? process;

    protected override Task<Uri> StartAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        process = Process.Start("unshare", ["--mount", "sh", "-c", $"{prepare} && exec {Artifacts.Envd} --port {port}"]);
        return Task.FromResult(new Uri($"http://127.0.0.1:{port}/"));
    }

    protected override async Task StopAsync()
    {
        process!.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }
}
