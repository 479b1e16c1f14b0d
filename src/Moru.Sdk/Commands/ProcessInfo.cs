namespace Moru;

/// <summary>A command or terminal that runs.</summary>
public sealed record ProcessInfo
{
    /// <summary>Process id inside the sandbox.</summary>
    public required int Pid { get; init; }

    /// <summary>The command line as it was given to <see cref="SandboxCommands.RunAsync"/>; of anything else, executable and arguments.</summary>
    public required string Command { get; init; }

    /// <summary>Executable.</summary>
    public required string Cmd { get; init; }

    /// <summary>Arguments of the executable.</summary>
    public required IReadOnlyList<string> Args { get; init; }

    /// <summary>Environment given at the start.</summary>
    public required IReadOnlyDictionary<string, string> Envs { get; init; }

    /// <summary>Working directory given at the start; null: the default.</summary>
    public string? Cwd { get; init; }

    /// <summary>Name given at the start by clients that name processes.</summary>
    public string? Tag { get; init; }

    internal static ProcessInfo From(Protocol.ProcessInfo wire)
    {
        var args = wire.Config.Args ?? [];
        return new ProcessInfo
        {
            Pid = wire.Pid,
            Command = args is ["-l", "-c", var command] ? command : string.Join(' ', args.Prepend(wire.Config.Cmd)),
            Cmd = wire.Config.Cmd ?? "",
            Args = args,
            Envs = wire.Config.Envs ?? new Dictionary<string, string>(),
            Cwd = wire.Config.Cwd,
            Tag = wire.Tag,
        };
    }
}
