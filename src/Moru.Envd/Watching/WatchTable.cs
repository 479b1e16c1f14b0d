namespace Moru.Envd;

/// <summary>A watcher's interest in one directory.</summary>
/// <param name="watch">The kernel's number for the directory.</param>
/// <param name="watcher">Who wants to know.</param>
/// <param name="path">The directory, relative to the watcher's root; empty for the root itself.</param>
internal sealed class Subscription(int watch, Watcher watcher, string path)
{
    private Dictionary<string, uint>? _announced;
    private long _scanned;

    public int Watch { get; } = watch;

    public Watcher Watcher { get; } = watcher;

    public string Path { get; } = path;

    public string PathOf(string name) => Path.Length == 0 ? name : $"{Path}/{name}";

    /// <summary>Remembers what a scan of the directory told the watcher already.</summary>
    /// <param name="announced">Events by name.</param>
    /// <param name="position">End of the kernel's queue after the scan.</param>
    public void Announced(Dictionary<string, uint> announced, long position) => (_announced, _scanned) = (announced, position);

    /// <summary>Whether the event is older than the scan and was told with it.</summary>
    public bool Repeats(InotifyEvent item)
    {
        if (item.Position > _scanned) _announced = null;
        if (_announced is null || !_announced.TryGetValue(item.Name, out var told)) return false;
        var mask = item.Has(Inotify.MovedTo) ? Inotify.Created : item.Mask;
        // What comes after a removal is about another file of that name.
        _announced[item.Name] = item.Has(Inotify.Deleted | Inotify.MovedFrom) ? 0 : told & ~mask;
        return (told & mask) != 0;
    }
}

/// <summary>Which watchers want to know about which directories. Directories of one watcher are in the order of their paths, so that a tree is a range.</summary>
internal sealed class WatchTable
{
    private static readonly Comparer<Subscription> ByPath = Comparer<Subscription>.Create((a, b) => string.CompareOrdinal(a.Path, b.Path));

    private readonly Dictionary<int, Subscription[]> _byWatch = [];
    private readonly Dictionary<Watcher, SortedSet<Subscription>> _byWatcher = [];

    public int Count { get; private set; }

    public IReadOnlyCollection<Watcher> Watchers => _byWatcher.Keys;

    public Subscription[] Of(int watch) => _byWatch.GetValueOrDefault(watch) ?? [];

    /// <returns>Null when the watcher has it already.</returns>
    public Subscription? Add(int watch, Watcher watcher, string path)
    {
        if (!_byWatcher.TryGetValue(watcher, out var mine)) _byWatcher[watcher] = mine = new SortedSet<Subscription>(ByPath);
        var added = new Subscription(watch, watcher, path);
        if (mine.TryGetValue(added, out var there))
        {
            if (there.Watch == watch) return null;
            Remove(there);
        }

        mine.Add(added);
        _byWatch[watch] = [.. Of(watch), added];
        Count++;
        return added;
    }

    public bool Contains(Watcher watcher, string path) =>
        _byWatcher.TryGetValue(watcher, out var mine) && mine.Contains(new Subscription(0, watcher, path));

    /// <summary>Gives a directory and all below it another path.</summary>
    public void Move(Watcher watcher, string from, string to)
    {
        foreach (var old in Tree(watcher, from))
        {
            Remove(old);
            Add(old.Watch, watcher, to + old.Path[from.Length..]);
        }
    }

    /// <summary>Forgets a directory and all below it.</summary>
    /// <returns>Numbers that nobody wants to know about any more.</returns>
    public IEnumerable<int> Drop(Watcher watcher, string path) => Drop(Tree(watcher, path));

    /// <inheritdoc cref="Drop(Watcher, string)"/>
    public IEnumerable<int> Drop(Watcher watcher)
    {
        var orphans = Drop([.. _byWatcher.GetValueOrDefault(watcher) ?? []]);
        _byWatcher.Remove(watcher);
        return orphans;
    }

    /// <summary>Forgets a directory that the kernel has forgotten.</summary>
    public void Forget(int watch) => Drop(Of(watch));

    private List<int> Drop(Subscription[] subscriptions)
    {
        foreach (var subscription in subscriptions) Remove(subscription);
        return [.. subscriptions.Select(subscription => subscription.Watch).Where(watch => !_byWatch.ContainsKey(watch)).Distinct()];
    }

    private void Remove(Subscription subscription)
    {
        if (!_byWatcher[subscription.Watcher].Remove(subscription)) return;
        Count--;
        Subscription[] rest = [.. Of(subscription.Watch).Where(other => other != subscription)];
        if (rest.Length == 0) _byWatch.Remove(subscription.Watch);
        else _byWatch[subscription.Watch] = rest;
    }

    private Subscription[] Tree(Watcher watcher, string path)
    {
        if (!_byWatcher.TryGetValue(watcher, out var mine)) return [];
        Subscription[] top = mine.TryGetValue(Probe(path), out var found) ? [found] : [];
        // '0' is the character after '/'.
        return [.. top, .. mine.GetViewBetween(Probe(path + "/"), Probe(path + "0")).Where(below => below.Path != path + "0")];

        Subscription Probe(string at) => new(0, watcher, at);
    }
}
