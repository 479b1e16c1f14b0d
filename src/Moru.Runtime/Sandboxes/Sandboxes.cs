using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace Moru.Runtime;

/// <summary>The sandboxes of this runtime and what can be done with them.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The token source holds nothing to release: no timer, no wait handle.")]
public sealed partial class Sandboxes
{
    private readonly ConcurrentDictionary<string, LiveSandbox> live = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource closing = new();
    private readonly RuntimeOptions options;
    private readonly RuntimeStore store;
    private readonly IContainerEngine engine;
    private readonly Templates templates;
    private readonly SandboxStart start;
    private readonly SandboxNetwork network;
    private readonly AccessTokens tokens;
    private readonly string envdDigest;
    private readonly string ownerId;
    private readonly TimeProvider time;
    private readonly ILogger log;

    internal Sandboxes(
        RuntimeOptions options, RuntimeStore store, IContainerEngine engine, Teams teams, Templates templates, SandboxStart start, SandboxNetwork network, AccessTokens tokens,
        string envdDigest, string ownerId, TimeProvider time, ILogger log)
    {
        this.options = options;
        this.store = store;
        this.engine = engine;
        this.teams = teams;
        this.templates = templates;
        this.start = start;
        this.network = network;
        this.tokens = tokens;
        this.envdDigest = envdDigest;
        this.ownerId = ownerId;
        this.time = time;
        this.log = log;
        Changed = new Alarm(time);
        DeadlineMoved = new Alarm(time);
        Began = new Alarm(time);
        Instruments = new SandboxInstruments(this);
    }

    /// <summary>Rings when a deadline moved or a sandbox has to be removed; the reaper listens.</summary>
    internal Alarm Changed { get; }

    /// <summary>Rings when an agent has to be told another deadline.</summary>
    internal Alarm DeadlineMoved { get; }

    /// <summary>Rings when a sandbox runs, for the first time or again.</summary>
    internal Alarm Began { get; }

    internal SandboxInstruments Instruments { get; }

    /// <summary>Awaited before a running sandbox is removed; takes no time to speak of and never fails.</summary>
    internal Func<LiveSandbox, Task> BeforeRemoval { get; set; } = _ => Task.CompletedTask;

    /// <summary>Whether the last that was heard of the engine is that it does not answer.</summary>
    internal volatile bool EngineIsDown;

    internal ICollection<LiveSandbox> Live => live.Values;

    /// <summary>Finds a running or paused sandbox.</summary>
    public SandboxRecord? Find(string id) => live.TryGetValue(id, out var sandbox) && sandbox.IsVisible ? sandbox.Record : null;

    /// <summary>Running and paused sandboxes, the newest first, then by id.</summary>
    public IReadOnlyList<SandboxRecord> List() =>
    [
        .. live.Values.Where(sandbox => sandbox.IsVisible).Select(sandbox => sandbox.Record)
            .OrderByDescending(record => record.StartedAt).ThenBy(record => record.Id, StringComparer.Ordinal),
    ];

    /// <summary>A sandbox of the team that is known, also one that has ended.</summary>
    public SandboxRecord? FindEver(string teamId, string id) => (Find(id) ?? store.Load(id)) is { } record && record.TeamId == teamId ? record : null;

    /// <summary>A team's sandboxes in these phases that ran at least once, ended or not: the newest first, then by id.</summary>
    /// <param name="teamId">Whose.</param>
    /// <param name="phases">Which.</param>
    /// <param name="after">The last one of the page before; null: from the start.</param>
    /// <param name="most">Length of the page.</param>
    public IReadOnlyList<SandboxRecord> ListRuns(string teamId, IEnumerable<SandboxPhase> phases, RunPosition? after, int most) =>
        store.LoadRuns(teamId, phases, after, most);

    /// <summary>Where a running sandbox answers: one map lookup, no lock and no I/O.</summary>
    public bool TryGetAddress(string id, [MaybeNullWhen(false)] out EngineAddress address)
    {
        address = Find(id) is { State: SandboxPhase.Running } record ? record.Address : null;
        return address is not null;
    }

    /// <summary>Cancelled when a running sandbox is paused or ends, and for one that does not run.</summary>
    public CancellationToken TrafficOf(string id) =>
        live.TryGetValue(id, out var sandbox) && sandbox.IsVisible ? sandbox.Traffic : new CancellationToken(canceled: true);

    /// <summary>Ends a sandbox for good.</summary>
    /// <returns>False when there is no such sandbox, or someone else has already killed it.</returns>
    public async Task<bool> KillAsync(string id, EndReason reason, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        cancellationToken.ThrowIfCancellationRequested();
        if (!live.TryGetValue(id, out var sandbox) || !sandbox.TryCondemn(reason, "was killed")) return false;

        // From here on it ends, whether or not the caller still waits.
        using (await sandbox.EnterAsync(CancellationToken.None)) await EndAsync(sandbox);
        return true;
    }

    /// <summary>Lets changes in progress come to their end, and begins no more.</summary>
    internal async Task CloseAsync()
    {
        await closing.CancelAsync();
        foreach (var sandbox in live.Values)
        {
            using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            try
            {
                using (await sandbox.EnterAsync(bound.Token)) { }
            }
            catch (OperationCanceledException)
            {
                // The store remembers what is left to do.
                Log.LeftBehind(log, sandbox.Id);
            }
        }
    }

    private void ThrowIfClosed() => ObjectDisposedException.ThrowIf(closing.IsCancellationRequested, this);

    private LiveSandbox Visible(string id) => live.TryGetValue(id, out var sandbox) && sandbox.IsVisible ? sandbox : throw NotFound(id);

    private static RuntimeException NotFound(string id) => new(
        RuntimeError.SandboxNotFound, $"Sandbox '{id}' does not exist, or it has ended; list the sandboxes to see which ones run.");
}
