using System.Diagnostics.CodeAnalysis;

namespace Moru.Runtime;

/// <summary>
/// One sandbox in memory: a gate for those who change it, and a record that everybody reads without one. Whoever wants it ended
/// condemns it first: that succeeds once, so there is one killer, and everyone else learns that there was.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Neither field holds anything to release: no wait handle, no timer.")]
internal sealed class LiveSandbox(SandboxRecord record)
{
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly CancellationTokenSource condemnation = new();
    private volatile SandboxRecord record = record;
    private volatile CancellationTokenSource traffic = new();
    private Sentence? sentence;
    private int failures;

    public SandboxRecord Record => record;

    public string Id => record.Id;

    /// <summary>Set once, by the one who ends the sandbox.</summary>
    public Sentence? Sentence => Volatile.Read(ref sentence);

    /// <summary>Cancelled when the sandbox is condemned; a start in progress listens to it.</summary>
    public CancellationToken Condemned => condemnation.Token;

    /// <summary>Cancelled when the sandbox is paused or ends: open connections to it end then. A resumed sandbox has a new one.</summary>
    public CancellationToken Traffic => traffic.Token;

    /// <summary>The deadline that the agent knows of; null: none that this process told it.</summary>
    public DateTimeOffset? ToldEndAt { get; set; }

    /// <summary>When the reaper should try again to remove or to freeze the container.</summary>
    public DateTimeOffset RetryAt { get; set; } = DateTimeOffset.MaxValue;

    public bool IsVisible => Sentence is null && record.State.IsVisible();

    public bool TryCondemn(EndReason reason, string cause)
    {
        if (Interlocked.CompareExchange(ref sentence, new Sentence(reason, cause), null) is not null) return false;
        condemnation.Cancel();
        return true;
    }

    public async Task<Hold> EnterAsync(CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        return new Hold(gate);
    }

    /// <summary>For the holder of the gate.</summary>
    public void Swap(SandboxRecord next) => record = next;

    public Task StopTrafficAsync() => traffic.CancelAsync();

    public void AllowTraffic() => traffic = new CancellationTokenSource();

    /// <summary>Nothing is left to repeat.</summary>
    public void Settle()
    {
        failures = 0;
        RetryAt = DateTimeOffset.MaxValue;
    }

    /// <summary>Doubles the pause with each failure, from a quarter second up to half a minute.</summary>
    public void RetryLater(DateTimeOffset now) =>
        RetryAt = now + TimeSpan.FromSeconds(Math.Min(30, 0.25 * (1 << Math.Min(failures++, 10))));

    /// <summary>The gate, held.</summary>
    public readonly struct Hold(SemaphoreSlim gate) : IDisposable
    {
        public void Dispose() => gate.Release();
    }
}

/// <summary>Why a sandbox is being ended.</summary>
/// <param name="Reason">What the record will say.</param>
/// <param name="Cause">The same in words, as the end of "Sandbox … ".</param>
internal sealed record Sentence(EndReason Reason, string Cause);
