using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;

namespace Moru.Runtime.Tests;

/// <summary>Clients that follow their scripts all at once, and what came of it.</summary>
/// <param name="sandboxes">Where.</param>
/// <param name="clock">Moved by <see cref="Act.Wait"/>; null: nobody can.</param>
internal sealed class Clients(Sandboxes sandboxes, FakeTimeProvider? clock)
{
    private static readonly TimeSpan Life = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<string, ConcurrentQueue<Call>> calls = new();
    private readonly ConcurrentQueue<Call> waits = new();
    private readonly List<string> made = [];
    private long ticks;
    private int count;

    /// <summary>Ids of all sandboxes that were ever made.</summary>
    public IReadOnlyList<string> Made => made;

    /// <summary>How many calls were made.</summary>
    public int Count => count;

    public async Task RunAsync(Step[][] scripts) => await Task.WhenAll(scripts.Select((script, client) => Task.Run(async () =>
    {
        foreach (var step in script) await DoAsync(client, step);
    })));

    /// <summary>Looks at each sandbox once more, and fails when what it has gone through contradicts the model.</summary>
    public async Task CheckAsync()
    {
        foreach (var id in made)
        {
            await NoteAsync(id, client: -1, new Step(Act.Find, 0, false));
            var history = new History([.. calls[id], .. waits]);
            Assert.True(history.IsExplained(), $"No order of these calls explains what came of sandbox {id}:\n{history}");
        }
    }

    private async Task DoAsync(int client, Step step)
    {
        Interlocked.Increment(ref count);
        if (step.Act is Act.Wait) Wait(client, step);
        else if (step.Act is Act.Create || IdOrDefault(step.Pick) is not { } id) await CreateAsync(client, step with { Act = Act.Create });
        else await NoteAsync(id, client, step);
    }

    private string? IdOrDefault(int pick)
    {
        lock (made) return made.Count == 0 ? null : made[^(1 + (pick % made.Count))];
    }

    private void Wait(int client, Step step)
    {
        if (clock is null) return;
        var began = Interlocked.Increment(ref ticks);
        clock.Advance(2 * Life);
        waits.Enqueue(new Call(client, step, began, Interlocked.Increment(ref ticks), Outcome.Done));
    }

    private async Task CreateAsync(int client, Step step)
    {
        var began = Interlocked.Increment(ref ticks);
        try
        {
            var record = await sandboxes.CreateAsync(
                new SandboxRequest { TemplateId = "base", Timeout = Life, AutoPause = step.AutoPause }, CancellationToken.None);
            Assert.True(calls.TryAdd(record.Id, new([new Call(client, step, began, Interlocked.Increment(ref ticks), Outcome.Done)])), "an id was given twice");
            lock (made) made.Add(record.Id);
        }
        catch (RuntimeException full) when (full.Error is RuntimeError.LimitReached)
        {
            // There is no sandbox that it could have come of.
        }
    }

    private async Task NoteAsync(string id, int client, Step step)
    {
        var began = Interlocked.Increment(ref ticks);
        var outcome = await TryAsync(id, step);
        calls[id].Enqueue(new Call(client, step, began, Interlocked.Increment(ref ticks), outcome));
    }

    private async Task<Outcome> TryAsync(string id, Step step)
    {
        try
        {
            return await CallAsync(id, step);
        }
        catch (RuntimeException refusal) when (!refusal.Message.Contains("cannot become", StringComparison.Ordinal))
        {
            // An illegal change of state is not among these, nor is any other failure.
            return refusal.Error switch
            {
                RuntimeError.SandboxNotFound => Outcome.NotFound,
                RuntimeError.Conflict => Outcome.Conflict,
                RuntimeError.LimitReached => Outcome.Full,
                _ => throw new InvalidOperationException($"{step} failed", refusal),
            };
        }
    }

    private async Task<Outcome> CallAsync(string id, Step step)
    {
        var none = CancellationToken.None;
        switch (step.Act)
        {
            case Act.Find:
                return sandboxes.Find(id)?.State switch { null => Outcome.NotFound, SandboxPhase.Running => Outcome.IsRunning, _ => Outcome.IsPaused };
            case Act.Pause:
                await sandboxes.PauseAsync(id, none);
                return Outcome.Done;
            case Act.Connect:
                return (await sandboxes.ConnectAsync(id, Life, none)).Resumed ? Outcome.Resumed : Outcome.Done;
            case Act.Resume:
                var resumed = await sandboxes.ResumeAsync(id, Life, step.AutoPause, none);
                Assert.Equal((SandboxPhase.Running, Life, step.AutoPause), (resumed.State, resumed.EndAt - resumed.StartedAt, resumed.AutoPause));
                return Outcome.Done;
            case Act.Extend:
                await sandboxes.RefreshAsync(id, Life, none);
                return Outcome.Done;
            case Act.Expire:
                await sandboxes.SetTimeoutAsync(id, TimeSpan.Zero, none);
                return Outcome.Done;
            case Act.Kill:
                return await sandboxes.KillAsync(id, EndReason.Killed, none) ? Outcome.Done : Outcome.NotFound;
            default:
                throw new ArgumentOutOfRangeException(nameof(step), step, null);
        }
    }
}
