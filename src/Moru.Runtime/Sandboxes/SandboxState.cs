namespace Moru.Runtime;

/// <summary>Where a sandbox is in its life. Outside, only running and paused are seen: whatever is between the two is paused.</summary>
public enum SandboxPhase
{
    Starting,
    Running,

    /// <summary>A pause was asked for; the engine has not confirmed it. Repeated until it does.</summary>
    Pausing,
    Paused,

    /// <summary>The container goes on, but its agent has not answered yet. When it does not, the sandbox is paused again.</summary>
    Resuming,
    Killing,
    Ended,
}

/// <summary>The one table of what may follow what.</summary>
internal static class SandboxState
{
    public static bool MayBecome(this SandboxPhase from, SandboxPhase to) => (from, to) switch
    {
        (SandboxPhase.Starting, SandboxPhase.Running) => true,
        (SandboxPhase.Running, SandboxPhase.Pausing) => true,
        (SandboxPhase.Pausing, SandboxPhase.Paused or SandboxPhase.Resuming) => true,
        (SandboxPhase.Paused, SandboxPhase.Resuming) => true,
        (SandboxPhase.Resuming, SandboxPhase.Running or SandboxPhase.Pausing) => true,
        (SandboxPhase.Killing, SandboxPhase.Ended) => true,
        (not (SandboxPhase.Killing or SandboxPhase.Ended), SandboxPhase.Killing) => true,
        _ => false,
    };

    /// <summary>The same sandbox in another phase.</summary>
    /// <exception cref="RuntimeException"><see cref="RuntimeError.Conflict"/>: the table does not allow it.</exception>
    public static SandboxRecord Become(this SandboxRecord record, SandboxPhase to) =>
        record.State.MayBecome(to)
            ? record with { State = to }
            : throw new RuntimeException(
                RuntimeError.Conflict, $"Sandbox '{record.Id}' is {Word(record.State)}; it cannot become {Word(to)}.");

    public static bool IsVisible(this SandboxPhase phase) => phase is SandboxPhase.Running || phase.IsStopped();

    /// <summary>Paused, or on the way to or from it.</summary>
    public static bool IsStopped(this SandboxPhase phase) => phase is SandboxPhase.Pausing or SandboxPhase.Paused or SandboxPhase.Resuming;

    private static string Word(SandboxPhase phase) => phase.ToString().ToLowerInvariant();
}
