using System.Globalization;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>
/// What the processes of the sandbox did and printed, for the server to fetch. It holds <see cref="Capacity"/> bytes and no more: the
/// oldest entries go first, and a reader that comes too late is told how many it missed.
/// </summary>
internal sealed class ProcessLog(TimeProvider time)
{
    public const int Capacity = 4 << 20;

    // What an entry costs beside its text.
    private const int EntryOverhead = 256;

    // What one chunk can add before room is made for it.
    private const int MostBeyond = 2 * LoggedStream.Limit;

    private static readonly TimeSpan FlushAfter = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly Queue<LogEntry> _entries = new();
    private readonly HashSet<LoggedStream> _open = [];
    private readonly LogBlocks _blocks = new(Capacity + MostBeyond);
    private ITimer? _flush;
    private TaskCompletionSource? _news;
    private DateTimeOffset _newest = DateTimeOffset.MinValue;
    private long _lastOperation;
    private int _size;

    /// <summary>Number of the newest entry.</summary>
    public long Last { get; private set; }

    /// <summary>A number for one started process, by which its entries are found.</summary>
    public string NextOperation() => Interlocked.Increment(ref _lastOperation).ToString(CultureInfo.InvariantCulture);

    public void Write(string eventType, string message, IReadOnlyDictionary<string, string> fields)
    {
        var size = 2 * (message.Length + fields.Sum(field => field.Value.Length));
        lock (_gate) Add(new LogEntry(Last + 1, Now(), eventType, fields, size + EntryOverhead) { Message = message });
    }

    /// <summary>Adds output to the entry that its stream is filling.</summary>
    public void Append(LoggedStream stream, ReadOnlyMemory<byte> chunk)
    {
        lock (_gate)
        {
            if (stream.Text?.Length + chunk.Length > LoggedStream.Limit) Close(stream);
            var text = stream.Text ?? Open(stream);
            _size -= text.Cost;
            text.Add(chunk.Span);
            _size += text.Cost;
            if (_size > Capacity) Shrink();
        }
    }

    /// <summary>Closes the entry that the stream is filling, for nothing more will come.</summary>
    public void End(LoggedStream stream)
    {
        lock (_gate)
        {
            if (stream.Text is null && stream.Unfinished.Length > 0) Open(stream);
            Close(stream, isEnd: true);
        }
    }

    /// <summary>Closes every entry that is being filled.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            foreach (var stream in _open.ToArray()) Close(stream);
        }
    }

    /// <summary>Entries after the one with this number, as many as fit into <paramref name="bytes"/> but at least one.</summary>
    public IReadOnlyList<ProcessLogEntry> After(long cursor, int bytes)
    {
        var found = new List<ProcessLogEntry>();
        lock (_gate)
        {
            foreach (var entry in _entries)
            {
                if (entry.Sequence <= cursor) continue;
                // Its blocks are its own only as long as nobody else writes.
                found.Add(entry.ToWire());
                bytes -= entry.Cost;
                if (bytes <= 0) break;
            }
        }

        if (found.Count > 0 && found[0].Sequence - cursor - 1 is var missed and > 0) found.Insert(0, Missed(missed, found[0]));
        return found;
    }

    /// <summary>Completes when there is an entry after the one with this number.</summary>
    public Task NewsAsync(long cursor)
    {
        lock (_gate)
        {
            if (Last > cursor) return Task.CompletedTask;
            _news ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _news.Task;
        }
    }

    private static ProcessLogEntry Missed(long count, ProcessLogEntry next) => new()
    {
        Sequence = next.Sequence - 1, Timestamp = next.Timestamp, EventType = LogEvents.Dropped,
        Message = string.Create(CultureInfo.InvariantCulture, $"{count} log entries were dropped: they came faster than they could be kept"),
    };

    // The clock may be set back, but a log does not go back.
    private DateTimeOffset Now() => _newest = time.GetUtcNow() is var now && now > _newest ? now : _newest;

    private void Add(LogEntry entry)
    {
        Last = entry.Sequence;
        _entries.Enqueue(entry);
        _size += entry.Cost;
        if (_size > Capacity) Shrink();
        _news?.TrySetResult();
        _news = null;
    }

    private LogText Open(LoggedStream stream)
    {
        stream.Text = new LogText(_blocks);
        stream.Text.Add(stream.Unfinished);
        stream.Unfinished = [];
        stream.OpenedAt = time.GetTimestamp();
        _size += stream.Text.Cost;
        _open.Add(stream);
        if (_open.Count == 1) FlushLater();
        return stream.Text;
    }

    private void Close(LoggedStream stream, bool isEnd = false)
    {
        if (stream.Text is not { } text) return;
        _open.Remove(stream);
        stream.Text = null;
        _size -= text.Cost;
        if (!isEnd) stream.Unfinished = text.CutUnfinished();
        text.Seal();
        if (text.Length > 0) Add(new LogEntry(Last + 1, Now(), stream.EventType, stream.Fields, text.Cost + EntryOverhead) { Output = text });
    }

    private void Shrink()
    {
        while (_size > Capacity && _entries.TryDequeue(out var oldest))
        {
            _size -= oldest.Cost;
            oldest.Output?.Release();
        }

        if (_size <= Capacity) return;
        foreach (var stream in _open.ToArray()) Close(stream);
    }

    private void FlushLater()
    {
        _flush ??= time.CreateTimer(_ => FlushOld(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _flush.Change(FlushAfter, Timeout.InfiniteTimeSpan);
    }

    private void FlushOld()
    {
        lock (_gate)
        {
            foreach (var stream in _open.Where(stream => time.GetElapsedTime(stream.OpenedAt) >= FlushAfter).ToArray()) Close(stream);
            if (_open.Count == 0) return;
            var oldest = _open.Max(stream => time.GetElapsedTime(stream.OpenedAt));
            _flush!.Change(oldest < FlushAfter ? FlushAfter - oldest : TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
        }
    }
}
