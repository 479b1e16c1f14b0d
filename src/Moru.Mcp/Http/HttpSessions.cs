using Microsoft.AspNetCore.Http;

namespace Moru.Mcp;

/// <summary>
/// The sessions in use, by owner and name. One that nobody has used for longer than its sandbox lives and its tasks are kept is forgotten,
/// and so is the one unused for longest when there are too many, unless it has a task to do; the sandbox is found again by its name.
/// </summary>
internal sealed class HttpSessions(Backend backend, Settings settings, TimeProvider time) : IAsyncDisposable
{
    private const int Capacity = 1_000;
    private const int MostOfOne = 200;

    private static readonly TimeSpan Keep = McpTask.Life + TimeSpan.FromMinutes(5);

    private readonly Lock guard = new();
    private readonly Dictionary<string, Entry> entries = [];

    // Those of the revisions that have sessions; the SDK itself ends the idle ones when all together are too many.
    private readonly Budget open = new(all: 2 * Capacity, each: MostOfOne);

    /// <summary>As <see cref="UseAsync"/>, for a client that opens a session of the protocol's, until that ends.</summary>
    public async Task<Lease> OpenAsync(HttpOwner owner)
    {
        if (!open.TryTake(owner.Name, 1)) throw TooMany("this API key has too many MCP sessions open: end some with DELETE, or wait until those in no use are forgotten");
        try
        {
            return await AcquireAsync(owner, () => open.Give(owner.Name, 1));
        }
        catch
        {
            open.Give(owner.Name, 1);
            throw;
        }
    }

    /// <summary>Finds or starts what a request works in; the lease must be disposed of at its end.</summary>
    /// <exception cref="BadHttpRequestException">Too many are in use.</exception>
    public Task<Lease> UseAsync(HttpOwner owner) => AcquireAsync(owner, () => { });

    private async Task<Lease> AcquireAsync(HttpOwner owner, Action release)
    {
        var forgotten = new List<McpSession>();
        try
        {
            lock (guard)
            {
                Forget([.. entries.Where(pair => IsIdle(pair.Value) && time.GetUtcNow() - pair.Value.LastUse > Keep)], forgotten);
                if (!entries.TryGetValue(owner.SessionId, out var entry)) entries[owner.SessionId] = entry = New(owner, forgotten);
                entry.Users++;
                return new Lease(entry.Session, () =>
                {
                    Release(entry);
                    release();
                });
            }
        }
        finally
        {
            await Task.WhenAll(forgotten.Select(session => session.DisposeAsync().AsTask()));
        }
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll(entries.Values.Select(entry => entry.Session.DisposeAsync().AsTask()));

    private void Release(Entry entry)
    {
        lock (guard) (entry.Users, entry.LastUse) = (entry.Users - 1, time.GetUtcNow());
    }

    private Entry New(HttpOwner owner, List<McpSession> forgotten)
    {
        // Who has many loses one of his own.
        var crowd = entries.Where(pair => pair.Value.Owner == owner.Name).ToList();
        if (crowd.Count < MostOfOne) crowd = entries.Count < Capacity ? [] : [.. entries];
        if (crowd.Count > 0)
        {
            var idle = crowd.Where(pair => IsIdle(pair.Value)).ToList();
            if (idle.Count == 0) throw TooMany("too many sessions are in use: give fewer names in Moru-Session, or wait");
            Forget([idle.MinBy(pair => pair.Value.LastUse)], forgotten);
        }

        return new Entry(owner.Name, new McpSession(cancel => backend.ConnectAsync(owner.ApiKey, cancel), settings.Toolsets, (settings.DataDirectory, owner.SessionId), time)
        {
            News = entries.Values.FirstOrDefault(one => one.Owner == owner.Name)?.Session.News ?? new SandboxNews(),
        });
    }

    private void Forget(List<KeyValuePair<string, Entry>> old, List<McpSession> forgotten)
    {
        foreach (var (id, entry) in old)
        {
            entries.Remove(id);
            forgotten.Add(entry.Session);
        }
    }

    private static bool IsIdle(Entry entry) => entry.Users == 0 && !entry.Session.Tasks.AreBusy;

    private static BadHttpRequestException TooMany(string why) => new(why, StatusCodes.Status429TooManyRequests);

    internal sealed class Lease(McpSession session, Action release) : IDisposable
    {
        private Action? release = release;

        public McpSession Session { get; } = session;

        public void Dispose() => Interlocked.Exchange(ref release, null)?.Invoke();
    }

    private sealed class Entry(string owner, McpSession session)
    {
        public string Owner { get; } = owner;

        public McpSession Session { get; } = session;

        public int Users { get; set; }

        public DateTimeOffset LastUse { get; set; }
    }
}
