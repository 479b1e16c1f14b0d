using System.Text;
using Moru.Protocol;

namespace Moru.Envd.Tests;

/// <summary>What a finished process did.</summary>
internal sealed record Finished(int Pid, string Stdout, string Stderr, ProcessEnded End);

/// <summary>Runs commands through envd.</summary>
internal static class Commands
{
    public static StartRequest Bash(string line, string shell = "/bin/sh") => Program(shell, "-c", line);

    public static StartRequest Program(string cmd, params string[] args) =>
        new() { Process = new ProcessConfig { Cmd = cmd, Args = args }, Stdin = false };

    public static async Task<Finished> RunAsync(this EnvdHost envd, StartRequest start, string? user = null, TimeSpan? timeout = null)
    {
        var pid = 0;
        using var stdout = new MemoryStream();
        using var stderr = new MemoryStream();
        await foreach (var item in envd.Client.StartAsync(start, user, timeout, TestContext.Current.CancellationToken))
        {
            pid = item.Start?.Pid ?? pid;
            stdout.Write((item.Data?.Stdout ?? default).Span);
            stderr.Write((item.Data?.Stderr ?? default).Span);
            if (item.End is { } end) return new Finished(pid, Encoding.UTF8.GetString(stdout.ToArray()), Encoding.UTF8.GetString(stderr.ToArray()), end);
        }

        throw new InvalidOperationException("the stream ended without an end event");
    }

    public static Task<Finished> ShAsync(this EnvdHost envd, string line, string? user = null, TimeSpan? timeout = null) =>
        envd.RunAsync(Bash(line), user, timeout);

    /// <summary>Starts a process and leaves its stream once it runs.</summary>
    public static async Task<int> StartAndLeaveAsync(this EnvdHost envd, StartRequest start)
    {
        await foreach (var item in envd.Client.StartAsync(start, null, null, TestContext.Current.CancellationToken))
        {
            if (item.Start is { } started) return started.Pid;
        }

        throw new InvalidOperationException("the stream ended without a start event");
    }
}
