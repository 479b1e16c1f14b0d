using Moru.Protocol;

namespace Moru.Envd;

/// <summary>
/// Turns the kernel's events into those of the watchers. All watchers share one inotify instance, since a host has few of them for all its
/// sandboxes together, and one watch for each directory. Limits: <see cref="MaxDirectories"/> watched directories, <see cref="MaxBytes"/> of events
/// that nobody has taken; beyond that the watcher with the most of them is given up, and told so.
/// </summary>
internal sealed class WatchReader : IDisposable
{
    private const int MaxDirectories = 65_536;
    private const long MaxBytes = 32 << 20;
    private const int EventsPerTurn = 1024;

    private readonly Inotify _inotify;
    private readonly Lock _gate = new();
    private readonly WatchTable _table = new();
    private readonly Dictionary<(Watcher Watcher, uint Cookie), string> _moves = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<string> _pseudo = Mounts.PseudoPoints();
    private Task _running = Task.CompletedTask;

    private WatchReader(Inotify inotify) => _inotify = inotify;

    /// <exception cref="ConnectException">The host has no inotify instance left.</exception>
    public static WatchReader Start(Poller poller)
    {
        var inotify = Inotify.OpenOrDefault(poller) ?? throw new ConnectException(
            ConnectCode.ResourceExhausted,
            $"no directory can be watched: {Posix.Describe(Posix.LastError)}; all sandboxes of a host share its fs.inotify.max_user_instances, which may be raised there");
        var reader = new WatchReader(inotify);
        reader._running = reader.RunAsync(reader._stop.Token);
        return reader;
    }

    /// <summary>Watches the watcher's directory, and with recursion every directory below it, from the return on.</summary>
    /// <exception cref="ConnectException">It is no directory, or there are too many.</exception>
    public void Attach(Watcher watcher) => Cover(watcher, "", announce: false);

    public void Detach(Watcher watcher)
    {
        lock (_gate) Release(_table.Drop(watcher));
    }

    /// <summary>Stops reading. The watchers must be detached before.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    private async Task RunAsync(CancellationToken stopped)
    {
        await Task.Yield();
        var handled = 0;
        try
        {
            while (true)
            {
                foreach (var item in await _inotify.ReadAsync(stopped))
                {
                    Handle(item);
                    // Other calls wait for this thread.
                    if (++handled % EventsPerTurn == 0) await Task.Yield();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody watches any more.
        }
        catch (Exception exception)
        {
            Log.Failure("watching", exception);
            GiveUpAll(new ConnectException(ConnectCode.Internal, "watching failed; envd's own log says why"));
        }
        finally
        {
            _inotify.Dispose();
        }
    }

    private void Handle(InotifyEvent item)
    {
        if (item.Has(Inotify.Overflowed)) GiveUpAll(Overflow("the kernel's queue of them was full"));
        foreach (var subscription in SubscriptionsOf(item.Watch))
        {
            try
            {
                if (item.Name.Length == 0) HandleSelf(subscription, item);
                else if (!subscription.Repeats(item)) HandleEntry(subscription, item);
            }
            catch (ConnectException failure)
            {
                GiveUp(subscription.Watcher, failure);
            }
        }

        if (!item.Has(Inotify.Ignored)) return;
        lock (_gate) _table.Forget(item.Watch);
    }

    private void HandleEntry(Subscription subscription, InotifyEvent item)
    {
        var (watcher, path) = (subscription.Watcher, subscription.PathOf(item.Name));
        if (TypeOf(item) is { } type) Publish(watcher, path, type);
        if (!watcher.Recursive || !item.Has(Inotify.OfDirectory)) return;

        if (item.Has(Inotify.Created)) Cover(watcher, path, announce: true);
        else if (item.Has(Inotify.MovedTo)) Arrive(watcher, path, item.Cookie);
        else if (item.Has(Inotify.MovedFrom)) Leave(watcher, path, item.Cookie);
        else if (item.Has(Inotify.Deleted)) Drop(watcher, path);
    }

    private void HandleSelf(Subscription subscription, InotifyEvent item)
    {
        var (watcher, path) = (subscription.Watcher, subscription.Path);
        if (path.Length == 0 && item.Has(Inotify.SelfDeleted | Inotify.SelfMoved | Inotify.Unmounted))
        {
            var moved = item.Has(Inotify.SelfMoved);
            watcher.Publish(new FilesystemEvent(".", moved ? EventType.Rename : EventType.Remove));
            watcher.End(new ConnectException(ConnectCode.NotFound, $"the watched directory '{watcher.Root}' was {(moved ? "moved" : "removed")}"));
            Detach(watcher);
        }
        else if (item.Has(Inotify.SelfMoved))
        {
            // The kernel tells the directory last. A move that nobody has received by now led out of the tree.
            foreach (var move in _moves.Where(move => move.Key.Watcher == watcher && move.Value == path).ToList())
            {
                _moves.Remove(move.Key);
                Drop(watcher, path);
            }
        }
    }

    private void Leave(Watcher watcher, string path, uint cookie)
    {
        lock (_gate)
        {
            if (_table.Contains(watcher, path)) _moves[(watcher, cookie)] = path;
        }
    }

    private void Arrive(Watcher watcher, string path, uint cookie)
    {
        if (!_moves.Remove((watcher, cookie), out var before))
        {
            Cover(watcher, path, announce: true);
            return;
        }

        lock (_gate) _table.Move(watcher, before, path);
    }

    /// <summary>Watches a directory of the watcher's tree and all below it.</summary>
    /// <param name="watcher">Whose tree.</param>
    /// <param name="top">The directory.</param>
    /// <param name="announce">
    /// Whether the directory is new, so that what is in it already must have appeared before it was watched: every entry is told
    /// as created, and a file that is not empty as written. A write that goes on meanwhile may be told twice. Only for the reader itself.
    /// </param>
    private void Cover(Watcher watcher, string top, bool announce)
    {
        var pending = new Stack<string>([top]);
        while (pending.TryPop(out var path))
        {
            if (Subscribe(watcher, path) is not { } subscription || !watcher.Recursive) continue;

            using var directory = DirectoryHandle.OpenOrDefault(watcher.PathOf(path));
            var announced = new Dictionary<string, uint>();
            while (directory?.Read() is { Count: > 0 } items)
            {
                foreach (var item in items)
                {
                    var status = announce || item.Kind == DirectoryItem.UnknownKind ? directory.StatusOfLink(item.Name) : null;
                    var name = item.Name.ToString();
                    if (announce && status is { } found) announced[name] = Announce(watcher, subscription.PathOf(name), found);
                    if (item.Kind == DirectoryItem.DirectoryKind || status is { IsDirectory: true }) pending.Push(subscription.PathOf(name));
                }
            }

            if (announced.Count > 0) subscription.Announced(announced, _inotify.QueueEnd);
        }
    }

    private uint Announce(Watcher watcher, string path, FileStatus status)
    {
        Publish(watcher, path, EventType.Create);
        if (status is not { IsRegular: true, Size: > 0 }) return Inotify.Created;
        Publish(watcher, path, EventType.Write);
        return Inotify.Created | Inotify.Modified;
    }

    private Subscription? Subscribe(Watcher watcher, string path)
    {
        var full = watcher.PathOf(path);
        if (path.Length > 0 && _pseudo.Contains(full)) return null;
        lock (_gate)
        {
            if (watcher.HasEnded) return null;
            if (_table.Count >= MaxDirectories)
                throw new ConnectException(ConnectCode.ResourceExhausted, $"more than {MaxDirectories} directories would be watched; watch a smaller tree, or without recursion");
            var watch = _inotify.Add(full, followLink: false);
            if (watch >= 0) return _table.Add(watch, watcher, path);
            return Posix.LastError switch
            {
                Posix.NoSpace => throw new ConnectException(
                    ConnectCode.ResourceExhausted,
                    $"'{full}' cannot be watched: the host's fs.inotify.max_user_watches is used up; watch fewer directories, or raise it on the host"),
                var error when path.Length == 0 => throw FileFailure.Of(error, full),
                // Gone meanwhile, or too deep to have a path.
                _ => null,
            };
        }
    }

    private void Publish(Watcher watcher, string path, EventType type)
    {
        watcher.Publish(new FilesystemEvent(path, type));
        if (watcher.Bytes < MaxBytes / Watchers.MaxWatchers) return; // a fair share never makes the sum too large
        Watcher fullest;
        lock (_gate)
        {
            if (_table.Watchers.Sum(each => each.Bytes) <= MaxBytes) return;
            fullest = _table.Watchers.MaxBy(each => each.Bytes)!;
        }

        GiveUp(fullest, Overflow("they were not taken fast enough"));
    }

    private void GiveUpAll(ConnectException reason)
    {
        Watcher[] all;
        lock (_gate) all = [.. _table.Watchers];
        foreach (var watcher in all) GiveUp(watcher, reason);
    }

    private void GiveUp(Watcher watcher, ConnectException reason)
    {
        watcher.GiveUp(reason);
        Detach(watcher);
    }

    private void Drop(Watcher watcher, string path)
    {
        lock (_gate) Release(_table.Drop(watcher, path));
    }

    private void Release(IEnumerable<int> watches)
    {
        foreach (var watch in watches) _inotify.Remove(watch);
    }

    private Subscription[] SubscriptionsOf(int watch)
    {
        lock (_gate) return _table.Of(watch);
    }

    private static ConnectException Overflow(string why) =>
        new(ConnectCode.ResourceExhausted, $"events were lost: {why}; look at the directory itself, then go on watching");

    private static EventType? TypeOf(InotifyEvent item) => item switch
    {
        _ when item.Has(Inotify.Created | Inotify.MovedTo) => EventType.Create,
        _ when item.Has(Inotify.Modified) => EventType.Write,
        _ when item.Has(Inotify.Deleted) => EventType.Remove,
        _ when item.Has(Inotify.MovedFrom) => EventType.Rename,
        _ when item.Has(Inotify.AttributesChanged) => EventType.Chmod,
        _ => null,
    };
}
