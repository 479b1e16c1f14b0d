namespace Moru.Tools;

/// <summary>What the sandbox of a session is like, and how long it stays.</summary>
public record SandboxSessionOptions
{
    /// <summary>Template it is made from; default <c>base</c>.</summary>
    public string Template { get; init; } = "base";

    /// <summary>How long it lives after its last use; whole seconds, default 15 minutes. A session that is never disposed, or dies, leaves nothing behind for longer than this.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Environment, network rules, volume and labels; default: those of <see cref="SandboxOptions"/>. Its timeout is not used: <see cref="IdleTimeout"/> is.</summary>
    public SandboxOptions Sandbox { get; init; } = new();

    /// <summary>Name by which a later session of the same owner finds the sandbox again; it is then kept at the end of the session, until its timeout. Default: null, which kills it.</summary>
    public string? Name { get; init; }

    /// <summary>Waits for what is held while the sandbox of a <see cref="Name"/> is looked for or made, so that sessions that begin together get one; default: nothing.</summary>
    public Func<CancellationToken, Task<IAsyncDisposable>>? Alone { get; init; }

    /// <summary>How long disposing waits for the server to kill the sandbox; its timeout ends it otherwise. Default 1.5 s, which a program has that is told to end.</summary>
    public TimeSpan EndPatience { get; init; } = TimeSpan.FromSeconds(1.5);

    /// <summary>The same, with one label more.</summary>
    internal SandboxSessionOptions WithLabel(string name, string value) =>
        this with { Sandbox = Sandbox with { Metadata = new Dictionary<string, string>(Sandbox.Metadata ?? new Dictionary<string, string>()) { [name] = value } } };
}
