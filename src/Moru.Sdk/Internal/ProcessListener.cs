using Moru.Protocol;

namespace Moru;

/// <summary>
/// Listens to one process from its first event to its end, over a new connection when one breaks off. The agent replays nothing, so a
/// break is counted. Leaving off does not end the process.
/// </summary>
internal sealed class ProcessListener : IAsyncDisposable
{
    private const int MaxReconnects = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly SandboxConnection connection;
    private readonly CancellationTokenSource leaving = new();
    private EventStream events;

    private ProcessListener(SandboxConnection connection, EventStream events, int pid)
    {
        this.connection = connection;
        this.events = events;
        Selector = new ProcessSelector { Pid = pid };
        Left = leaving.Token;
    }

    public ProcessSelector Selector { get; }

    public int Pid => Selector.Pid!.Value;

    /// <summary>Ends when nobody wants to hear of the process any more.</summary>
    public CancellationToken Left { get; }

    /// <summary>How often the connection was made again.</summary>
    public int Gaps { get; private set; }

    /// <summary>Opens the stream of events and waits for the first, which names the process.</summary>
    public static async Task<ProcessListener> OpenAsync(
        SandboxConnection connection, Func<CancellationToken, IAsyncEnumerable<ProcessEvent>> open, CancellationToken cancellationToken)
    {
        var events = new EventStream(open);
        try
        {
            return new ProcessListener(connection, events, await FirstAsync(connection, events, cancellationToken).ConfigureAwait(false));
        }
        catch (Exception error)
        {
            await events.DisposeAsync().ConfigureAwait(false);
            if (connection.Translate(error) is { } translated) throw translated;
            throw;
        }
    }

    /// <summary>Reads to the end. The next event is not read before <paramref name="take"/> is done with this one.</summary>
    public async Task<ProcessEnded> ToEndAsync(Func<ProcessData, CancellationToken, ValueTask> take)
    {
        try
        {
            while (true)
            {
                if (await NextAsync().ConfigureAwait(false) is not { } happened)
                    throw new SandboxException($"Sandbox '{connection.SandboxId}' did not say how process {Pid} ended.");
                if (happened.Data is { } data) await take(data, Left).ConfigureAwait(false);
                if (happened.End is { } end) return end;
            }
        }
        finally
        {
            await events.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Makes <see cref="ToEndAsync"/> stop; the process goes on.</summary>
    public async ValueTask DisposeAsync() => await leaving.CancelAsync().ConfigureAwait(false);

    private async Task<ProcessEvent?> NextAsync()
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                if (attempt > 0) await ReconnectAsync(attempt).ConfigureAwait(false);
                return await events.NextAsync(SandboxConnection.PingInterval * 3, Left).ConfigureAwait(false);
            }
            catch (Exception error) when (attempt < MaxReconnects && IsBreak(error))
            {
                await events.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task ReconnectAsync(int attempt)
    {
        await Task.Delay(Pause * (attempt * attempt), Left).ConfigureAwait(false);
        events = new EventStream(token => connection.Envd.ConnectAsync(Selector, token));
        try
        {
            await FirstAsync(connection, events, Left).ConfigureAwait(false);
            Gaps++;
        }
        catch (ConnectException error) when (error.Code is ConnectCode.NotFound)
        {
            throw new SandboxException(
                $"Process {Pid} of sandbox '{connection.SandboxId}' ended while the connection to it was lost; how it ended is not known.", error);
        }
    }

    private static async Task<int> FirstAsync(SandboxConnection connection, EventStream events, CancellationToken cancellationToken)
    {
        while (await events.NextAsync(connection.RequestTimeout, cancellationToken).ConfigureAwait(false) is { } happened)
            if (happened.Start is { } start) return start.Pid;
        throw new ConnectException(ConnectCode.Internal, "the agent did not say which process it is");
    }

    // A 502 is the proxy's word that the sandbox does not run; there is nothing to connect to again.
    private static bool IsBreak(Exception error) =>
        error is IOException or HttpRequestException or ConnectException { Code: ConnectCode.Unavailable, HttpStatus: not 502 };

    /// <summary>One connection's events. An enumerator must not be disposed while it moves, so the last move is kept.</summary>
    private sealed class EventStream : IAsyncDisposable
    {
        private readonly CancellationTokenSource stop = new();
        private readonly IAsyncEnumerator<ProcessEvent> events;
        private Task<bool> next = Task.FromResult(false);

        public EventStream(Func<CancellationToken, IAsyncEnumerable<ProcessEvent>> open) => events = open(stop.Token).GetAsyncEnumerator(CancellationToken.None);

        public async Task<ProcessEvent?> NextAsync(TimeSpan patience, CancellationToken cancellationToken)
        {
            next = events.MoveNextAsync().AsTask();
            try
            {
                return await next.WaitAsync(patience, cancellationToken).ConfigureAwait(false) ? events.Current : null;
            }
            catch (TimeoutException error) when (!next.IsCompleted)
            {
                throw new IOException($"nothing came for {patience.TotalSeconds:0.#} s, not even a sign of life", error);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await events.DisposeAsync().ConfigureAwait(false);
        }
    }
}
