using Moru.Protocol;

namespace Moru;

/// <summary>How to run a command.</summary>
public sealed record CommandOptions
{
    /// <summary>Working directory; default: the template's, else the user's home.</summary>
    public string? Cwd { get; init; }

    /// <summary>User to run as; default: the template's, usually <c>user</c>.</summary>
    public string? User { get; init; }

    /// <summary>Environment of this command, added to the sandbox's; default none.</summary>
    public IReadOnlyDictionary<string, string>? Envs { get; init; }

    /// <summary>
    /// How long the command may run before it is killed with everything it started, in the background too; default 60 s, zero for no limit.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Whether the command reads what is sent with <see cref="CommandHandle.SendStdinAsync(string, CancellationToken)"/>, in place of an
    /// empty input; default: in the background only.
    /// </summary>
    public bool? Stdin { get; init; }

    /// <summary>Called with each piece of standard output as it arrives; the next piece waits for it to return.</summary>
    public Action<string>? OnStdout { get; init; }

    /// <summary>Called with each piece of standard error as it arrives; the next piece waits for it to return.</summary>
    public Action<string>? OnStderr { get; init; }

    /// <summary>
    /// Most characters of each stream to keep for the <see cref="CommandResult"/>; default 16 Mi. When a command writes more, the
    /// beginning and the end are kept and the result says how much is missing. Callbacks always get everything.
    /// </summary>
    public int OutputLimit { get; init; } = 16 << 20;

    internal StartRequest ToWire(string command, bool stdin) => new()
    {
        Process = new ProcessConfig { Cmd = "/bin/bash", Args = ["-l", "-c", command], Envs = Envs, Cwd = Cwd },
        Stdin = Stdin ?? stdin,
    };
}
