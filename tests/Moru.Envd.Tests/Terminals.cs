using Moru.Protocol;

namespace Moru.Envd.Tests;

/// <summary>Requests for a terminal.</summary>
internal static class Terminals
{
    public static StartRequest Program(string cmd, params string[] args) =>
        new() { Process = new ProcessConfig { Cmd = cmd, Args = args }, Pty = new Pty(new PtySize(80, 24)) };

    public static StartRequest Sh(string line) => Program("/bin/sh", "-c", line);

    /// <summary>The shell that SDKs open in a terminal, with a short prompt.</summary>
    public static StartRequest Bash() =>
        new() { Process = new ProcessConfig { Cmd = "/bin/bash", Args = ["--norc", "-i"], Envs = new Dictionary<string, string> { ["PS1"] = "$ " } }, Pty = new Pty(new PtySize(80, 24)) };

    /// <summary>How many terminals of the test machine are in use.</summary>
    public static int InUse() => int.Parse(File.ReadAllText("/proc/sys/kernel/pty/nr"), System.Globalization.CultureInfo.InvariantCulture);
}
