using Moru.Protocol;

namespace Moru.Envd;

/// <summary>
/// All watchers, at most <see cref="MaxWatchers"/>. One that is polled and that nobody asks for <see cref="IdleLimit"/> is removed.
/// </summary>
internal sealed class Watchers(Poller poller, TimeProvider time)
{
    public const int MaxWatchers = 256;

    private static readonly TimeSpan IdleLimit = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();
    private readonly HashSet<Watcher> _open = [];
    private readonly Dictionary<string, Polled> _polled = [];
    private WatchReader? _reader;

    /// <summary>Watches a directory from the return on, until <see cref="Close"/>.</summary>
    /// <exception cref="ConnectException">It cannot be watched.</exception>
    public Watcher Open(string path, bool recursive)
    {
        CallPath.DemandDirectory(path);
        var watcher = new Watcher(EntryReader.ResolveOrDefault(path) ?? path, recursive);
        WatchReader reader;
        lock (_gate)
        {
            if (_open.Count == MaxWatchers)
                throw new ConnectException(ConnectCode.ResourceExhausted, $"there are {MaxWatchers} watchers already, the most a sandbox can have; remove one first");
            reader = _reader ??= WatchReader.Start(poller);
            _open.Add(watcher);
        }

        try
        {
            reader.Attach(watcher);
            return watcher;
        }
        catch
        {
            Close(watcher);
            throw;
        }
    }

    public void Close(Watcher watcher)
    {
        lock (_gate)
        {
            if (!_open.Remove(watcher)) return;
            _reader!.Detach(watcher);
            if (_open.Count > 0) return;
            // Instances are scarce on a host with many sandboxes.
            _reader.Dispose();
            _reader = null;
        }
    }

    /// <summary>Makes a watcher to be polled.</summary>
    /// <returns>Its id.</returns>
    public string Create(string path, bool recursive)
    {
        var id = RandomText.Next();
        var polled = new Polled(Open(path, recursive), path, time.CreateTimer(_ => Remove(id), null, IdleLimit, Timeout.InfiniteTimeSpan));
        lock (_gate) _polled[id] = polled;
        return id;
    }

    /// <summary>What a polled watcher has seen since the last time.</summary>
    /// <exception cref="ConnectException">
    /// There is no such watcher; its directory is gone (then the watcher is too); or events were lost: it has begun anew and the next call succeeds.
    /// </exception>
    public IReadOnlyList<FilesystemEvent> Poll(string? id)
    {
        var polled = Find(id);
        polled.Idle.Change(IdleLimit, Timeout.InfiniteTimeSpan);
        lock (polled)
        {
            try
            {
                return polled.Watcher.Take();
            }
            catch (ConnectException end)
            {
                if (end.Code != ConnectCode.ResourceExhausted || !Renew(polled)) Remove(id);
                throw;
            }
        }
    }

    /// <exception cref="ConnectException">There is no such watcher.</exception>
    public void Delete(string? id)
    {
        Find(id);
        Remove(id);
    }

    private bool Renew(Polled polled)
    {
        Close(polled.Watcher);
        try
        {
            polled.Watcher = Open(polled.Path, polled.Watcher.Recursive);
            return true;
        }
        catch (ConnectException)
        {
            // The caller learns of the loss now and of the missing watcher with the next call.
            return false;
        }
    }

    private Polled Find(string? id)
    {
        lock (_gate)
        {
            return _polled.GetValueOrDefault(id ?? "") ?? throw new ConnectException(ConnectCode.NotFound, $"watcher with id '{id}' not found");
        }
    }

    private void Remove(string? id)
    {
        Polled? polled;
        lock (_gate)
        {
            if (!_polled.Remove(id ?? "", out polled)) return;
        }

        polled.Idle.Dispose();
        lock (polled) Close(polled.Watcher);
    }

    private sealed class Polled(Watcher watcher, string path, ITimer idle)
    {
        public Watcher Watcher { get; set; } = watcher;

        public string Path { get; } = path;

        public ITimer Idle { get; } = idle;
    }
}
