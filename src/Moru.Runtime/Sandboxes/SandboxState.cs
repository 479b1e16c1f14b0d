namespace Moru.Runtime;

/// <summary>Where a sandbox is in its life. Only running and paused ones are visible outside.</summary>
public enum SandboxPhase
{
    Starting,
    Running,
    Paused,
    Killing,
    Ended,
}

/// <summary>The one table of what may follow what.</summary>
internal static class SandboxState
{
    public static bool MayBecome(this SandboxPhase from, SandboxPhase to) => (from, to) switch
    {
        (SandboxPhase.Starting, SandboxPhase.Running or SandboxPhase.Killing) => true,
        (SandboxPhase.Running, SandboxPhase.Paused or SandboxPhase.Killing) => true,
        (SandboxPhase.Paused, SandboxPhase.Running or SandboxPhase.Killing) => true,
        (SandboxPhase.Killing, SandboxPhase.Ended) => true,
        _ => false,
    };

    /// <summary>The same sandbox in another phase.</summary>
    /// <exception cref="RuntimeException"><see cref="RuntimeError.Conflict"/>: the table does not allow it.</exception>
    public static SandboxRecord Become(this SandboxRecord record, SandboxPhase to) =>
        record.State.MayBecome(to)
            ? record with { State = to }
            : throw new RuntimeException(
                RuntimeError.Conflict, $"Sandbox '{record.Id}' is {Word(record.State)}; it cannot become {Word(to)}.");

    public static bool IsVisible(this SandboxPhase phase) => phase is SandboxPhase.Running or SandboxPhase.Paused;

    private static string Word(SandboxPhase phase) => phase.ToString().ToLowerInvariant();
}
