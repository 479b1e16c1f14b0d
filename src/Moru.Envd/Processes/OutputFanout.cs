using System.Collections.Immutable;
using System.Threading.Channels;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>
/// Hands the events of one process to every listener, in order and without loss. Each listener has a queue of <see cref="QueueLength"/>
/// events (1 MiB of output). While a queue is full the process waits, so the slowest live listener sets the pace; one that takes
/// nothing for <see cref="Patience"/> is dropped, and one whose client is gone is dropped at once. Without listeners output is
/// thrown away, so that a process never blocks on nobody.
/// </summary>
internal sealed class OutputFanout(TimeProvider time)
{
    public const int QueueLength = 32;

    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Lock _gate = new();
    private ImmutableArray<OutputListener> _listeners = [];
    private ProcessEvent? _end;

    /// <summary>Starts listening: everything from now on, until the listener is disposed. At the end, only the end.</summary>
    public OutputListener Attach()
    {
        var listener = new OutputListener(this);
        lock (_gate)
        {
            if (_end is not null) listener.TryOffer(_end);
            else _listeners = _listeners.Add(listener);
        }

        return listener;
    }

    /// <summary>Returns when every live listener has the event in its queue.</summary>
    public Task PublishAsync(ProcessEvent item) => OfferAsync(_listeners, item);

    /// <summary>Publishes the last event.</summary>
    public Task CompleteAsync(ProcessEvent end)
    {
        ImmutableArray<OutputListener> listeners;
        lock (_gate)
        {
            _end = end;
            listeners = _listeners;
            _listeners = [];
        }

        return OfferAsync(listeners, end);
    }

    internal void Detach(OutputListener listener)
    {
        lock (_gate) _listeners = _listeners.Remove(listener);
    }

    // To all at once, so that many stalled listeners take no more patience than one, and no other waits for its end behind them.
    private async Task OfferAsync(ImmutableArray<OutputListener> listeners, ProcessEvent item)
    {
        List<Task>? waits = null;
        foreach (var listener in listeners)
        {
            if (!listener.TryOffer(item)) (waits ??= []).Add(WaitAsync(listener, item));
        }

        if (waits is not null) await Task.WhenAll(waits);
    }

    private async Task WaitAsync(OutputListener listener, ProcessEvent item)
    {
        if (!await listener.OfferAsync(item, Patience, time)) Detach(listener);
    }
}

/// <summary>One client's view of a process.</summary>
internal sealed class OutputListener(OutputFanout owner) : IDisposable
{
    private readonly Channel<ProcessEvent> _queue = Channel.CreateBounded<ProcessEvent>(OutputFanout.QueueLength);

    /// <summary>The events. Fails with a <see cref="ConnectException"/> when the listener was too slow.</summary>
    public ChannelReader<ProcessEvent> Events => _queue.Reader;

    public void Dispose()
    {
        owner.Detach(this);
        _queue.Writer.TryComplete();
    }

    /// <returns>False when the queue is full or closed.</returns>
    internal bool TryOffer(ProcessEvent item)
    {
        if (!_queue.Writer.TryWrite(item)) return false;
        if (item.End is not null) _queue.Writer.TryComplete();
        return true;
    }

    /// <returns>False when the listener is gone or has been given up.</returns>
    internal async ValueTask<bool> OfferAsync(ProcessEvent item, TimeSpan patience, TimeProvider time)
    {
        while (!TryOffer(item))
        {
            try
            {
                if (!await _queue.Writer.WaitToWriteAsync().AsTask().WaitAsync(patience, time)) return false;
            }
            catch (TimeoutException)
            {
                _queue.Writer.TryComplete(new ConnectException(
                    ConnectCode.ResourceExhausted, $"output was not read for {patience.TotalSeconds:0} s; the process goes on without this listener"));
                return false;
            }
            catch (ConnectException)
            {
                // Given up meanwhile by the other pipe of the process.
                return false;
            }
        }

        return true;
    }
}
