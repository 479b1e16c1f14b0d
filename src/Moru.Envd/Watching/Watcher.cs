using Moru.Protocol;

namespace Moru.Envd;

/// <summary>One client's watch of a directory: the events that the client has not taken yet, and why there will be no more.</summary>
internal sealed class Watcher(string root, bool recursive)
{
    private const int EventBytes = 100;

    private readonly Lock _gate = new();
    private List<FilesystemEvent> _events = [];
    private TaskCompletionSource _changed = NewSignal();
    private ConnectException? _end;
    private long _bytes;

    /// <summary>The directory, without links.</summary>
    public string Root { get; } = root;

    public bool Recursive { get; } = recursive;

    /// <summary>About how much memory its events take.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    public bool HasEnded => _end is not null;

    /// <summary>Completed while there is something to take.</summary>
    public Task Changed
    {
        get
        {
            lock (_gate) return _changed.Task;
        }
    }

    public string PathOf(string name) => name.Length == 0 ? Root : Root == "/" ? $"/{name}" : $"{Root}/{name}";

    public void Publish(FilesystemEvent item)
    {
        lock (_gate)
        {
            // The same again says nothing new, and a file that grows says it a thousand times.
            if (_end is not null || (_events.Count > 0 && _events[^1] == item)) return;
            _events.Add(item);
            _bytes += EventBytes + (2 * item.Name.Length);
            _changed.TrySetResult();
        }
    }

    /// <summary>Ends it; events that it has can still be taken.</summary>
    public void End(ConnectException reason)
    {
        lock (_gate)
        {
            _end ??= reason;
            _changed.TrySetResult();
        }
    }

    /// <summary>Ends it and throws its events away.</summary>
    public void GiveUp(ConnectException reason)
    {
        lock (_gate)
        {
            Clear();
            _end = reason;
            _changed.TrySetResult();
        }
    }

    /// <summary>The events since the last time, maybe none.</summary>
    /// <exception cref="ConnectException">There are none, and there will be none.</exception>
    public IReadOnlyList<FilesystemEvent> Take()
    {
        lock (_gate)
        {
            if (_events.Count == 0 && _end is not null) throw new ConnectException(_end.Code, _end.Message);
            var taken = _events;
            Clear();
            if (_end is null && _changed.Task.IsCompleted) _changed = NewSignal();
            return taken;
        }
    }

    private void Clear()
    {
        _events = [];
        _bytes = 0;
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
