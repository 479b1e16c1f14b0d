namespace Moru.Mcp;

/// <summary>
/// The sessions in use, by owner and name. One that nobody has used for longer than its sandbox lives and its tasks are kept is forgotten,
/// and so is the one unused for longest when there are too many, unless it has a task to do; the sandbox is found again by its name.
/// </summary>
internal sealed class HttpSessions(Backend backend, Settings settings, TimeProvider time) : IAsyncDisposable
{
    private const int Capacity = 1_000;

    private static readonly TimeSpan Keep = McpTask.Life + TimeSpan.FromMinutes(5);

    private readonly Lock guard = new();
    private readonly Dictionary<string, Entry> entries = [];

    /// <summary>Finds or starts the session of a request; the lease must be disposed of at its end.</summary>
    /// <returns>Null when too many are in use.</returns>
    public async Task<Lease?> AcquireOrDefaultAsync(HttpOwner owner)
    {
        List<McpSession> forgotten;
        Entry entry;
        lock (guard)
        {
            forgotten = Forget();
            if (!entries.TryGetValue(owner.SessionId, out entry!))
            {
                if (entries.Count >= Capacity) return null;
                entries[owner.SessionId] = entry = new Entry(new McpSession(cancel => backend.ConnectAsync(owner.ApiKey, cancel), settings.Toolsets, (settings.DataDirectory, owner.SessionId), time));
            }

            entry.Users++;
        }

        var lease = new Lease(entry.Session, () => Release(entry));
        await Task.WhenAll(forgotten.Select(session => session.DisposeAsync().AsTask()));
        return lease;
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll(entries.Values.Select(entry => entry.Session.DisposeAsync().AsTask()));

    private void Release(Entry entry)
    {
        lock (guard) (entry.Users, entry.LastUse) = (entry.Users - 1, time.GetUtcNow());
    }

    private List<McpSession> Forget()
    {
        var idle = entries.Where(pair => pair.Value.Users == 0 && !pair.Value.Session.Tasks.AreBusy).ToList();
        var old = idle.Where(pair => time.GetUtcNow() - pair.Value.LastUse > Keep).ToList();
        if (entries.Count >= Capacity && old.Count == 0 && idle.Count > 0) old = [idle.MinBy(pair => pair.Value.LastUse)];
        foreach (var (id, _) in old) entries.Remove(id);
        return [.. old.Select(pair => pair.Value.Session)];
    }

    internal sealed class Lease(McpSession session, Action release) : IDisposable
    {
        private Action? release = release;

        public McpSession Session { get; } = session;

        public void Dispose() => Interlocked.Exchange(ref release, null)?.Invoke();
    }

    private sealed class Entry(McpSession session)
    {
        public McpSession Session { get; } = session;

        public int Users { get; set; }

        public DateTimeOffset LastUse { get; set; }
    }
}
