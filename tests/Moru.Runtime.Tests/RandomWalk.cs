using System.Collections.Concurrent;

namespace Moru.Runtime.Tests;

/// <summary>
/// Clients that do random things to the same few sandboxes at once, and what must hold whatever they do: no call ends in a failure
/// that is not foreseen, no sandbox is in a state that the calls cannot explain, and in the end nothing is left.
/// </summary>
internal sealed class RandomWalk(Sandboxes sandboxes, int seed)
{
    private static readonly TimeSpan Life = TimeSpan.FromHours(1);

    // Of those that are refused: there is none, it is in the wrong state, the runtime is full.
    private static readonly HashSet<RuntimeError> Foreseen = [RuntimeError.SandboxNotFound, RuntimeError.Conflict, RuntimeError.LimitReached];

    private readonly ConcurrentDictionary<string, bool> known = new();
    private int done;

    /// <summary>Ids of all sandboxes that were ever made.</summary>
    public ICollection<string> Known => known.Keys;

    /// <summary>How many calls of each kind succeeded.</summary>
    public ConcurrentDictionary<string, int> Succeeded { get; } = new();

    /// <summary>Returns when so many operations have succeeded. Those that are refused do not count.</summary>
    public async Task RunAsync(int clients, int operations, int most, Action<int>? step = null)
    {
        using var bound = new CancellationTokenSource(Eventually.Limit);
        await Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(async () =>
        {
            var random = new Random(seed + client);
            while (Volatile.Read(ref done) < operations)
            {
                Assert.False(
                    bound.IsCancellationRequested,
                    $"stuck after {done}: {string.Join(", ", sandboxes.Live.Select(live => (live.Record.State, live.Sentence)))}");
                if (!await SucceedsAsync(random, most))
                {
                    await Task.Delay(random.Next(3));
                    continue;
                }

                var number = Interlocked.Increment(ref done);
                step?.Invoke(number);
            }
        }))).WaitAsync(2 * Eventually.Limit);
    }

    private async Task<bool> SucceedsAsync(Random random, int most)
    {
        var live = sandboxes.List();
        var id = live.Count > 0 ? live[random.Next(live.Count)].Id : "inone";
        var action = live.Count == 0 || (live.Count < most && random.Next(8) == 0) ? "create" : Actions[random.Next(Actions.Length)];
        try
        {
            await DoAsync(action, id, random);
            Succeeded.AddOrUpdate(action, 1, (_, count) => count + 1);
            return true;
        }
        catch (RuntimeException failure) when (Foreseen.Contains(failure.Error) && !failure.Message.Contains("cannot become", StringComparison.Ordinal))
        {
            // Others were faster. An illegal change of state is another matter.
            return false;
        }
    }

    private static readonly string[] Actions = ["pause", "pause", "pause", "connect", "connect", "resume", "resume", "timeout", "refresh", "expire", "kill"];

    private async Task DoAsync(string action, string id, Random random)
    {
        switch (action)
        {
            case "create":
                var made = await sandboxes.CreateAsync(
                    new SandboxRequest { TemplateId = "base", Timeout = Life, AutoPause = random.Next(2) == 0 }, CancellationToken.None);
                Assert.True(known.TryAdd(made.Id, true), "an id was given twice");
                break;
            case "pause":
                await sandboxes.PauseAsync(id, CancellationToken.None);
                break;
            case "connect":
                var (connected, _) = await sandboxes.ConnectAsync(id, Life, CancellationToken.None);
                Assert.Equal((id, SandboxPhase.Running), (connected.Id, connected.State));
                break;
            case "resume":
                var resumed = await sandboxes.ResumeAsync(id, Life, random.Next(2) == 0, CancellationToken.None);
                Assert.Equal((SandboxPhase.Running, Life), (resumed.State, resumed.EndAt - resumed.StartedAt));
                break;
            case "timeout":
                Assert.Equal(SandboxPhase.Running, (await sandboxes.SetTimeoutAsync(id, Life, CancellationToken.None)).State);
                break;
            case "refresh":
                Assert.Equal(SandboxPhase.Running, (await sandboxes.RefreshAsync(id, Life, CancellationToken.None)).State);
                break;
            case "expire":
                // Killed or paused by the reaper, as it was made.
                await sandboxes.SetTimeoutAsync(id, TimeSpan.Zero, CancellationToken.None);
                break;
            case "kill":
                if (!await sandboxes.KillAsync(id, EndReason.Killed, CancellationToken.None)) throw new RuntimeException(RuntimeError.SandboxNotFound, "killed before");
                Assert.False(sandboxes.TryGetAddress(id, out _));
                Assert.Null(sandboxes.Find(id));
                break;
        }
    }
}
