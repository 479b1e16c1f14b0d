using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Moru.Runtime;

/// <summary>Serves the connections that come, a number of them at a time; those beyond are closed at once.</summary>
internal sealed partial class ConnectionListener : IAsyncDisposable
{
    private const int Backlog = 512;

    // When there are no more descriptors, accepting fails at once and the caller goes on waiting.
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource stopping = new();
    private readonly SemaphoreSlim places;
    private readonly int most;
    private readonly Socket listener;
    private readonly Func<Socket, CancellationToken, Task> serve;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly Task accepting;

    /// <param name="listener">Listens, and is disposed with this.</param>
    /// <param name="most">How many are served at a time.</param>
    /// <param name="serve">Serves one, which is closed when this ends.</param>
    /// <param name="time">Measures rests.</param>
    /// <param name="log">Where a failure is told.</param>
    public ConnectionListener(Socket listener, int most, Func<Socket, CancellationToken, Task> serve, TimeProvider time, ILogger log)
    {
        this.listener = listener;
        this.most = most;
        this.serve = serve;
        this.time = time;
        this.log = log;
        places = new SemaphoreSlim(most);
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndPoint!).Port;

    /// <returns>A socket that listens at a port that was free.</returns>
    public static Socket Listen(IPAddress address)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(address, 0));
        socket.Listen(Backlog);
        return socket;
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Dispose();
        await accepting;
        // Connections give their places back when they end.
        for (var place = 0; place < most; place++) await places.WaitAsync();
        places.Dispose();
        stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                if (await AcceptOrDefaultAsync() is not { } client) await Task.Delay(Rest, time, stopping.Token);
                else if (await places.WaitAsync(0)) _ = ServeAsync(client);
                else client.Dispose();
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException)
        {
            // We are stopping.
        }
    }

    /// <returns>Null when the machine could not give one.</returns>
    private async Task<Socket?> AcceptOrDefaultAsync()
    {
        try
        {
            return await listener.AcceptAsync(stopping.Token);
        }
        catch (SocketException failure)
        {
            if (!stopping.IsCancellationRequested) Log.NotAccepted(log, failure.Message);
            return null;
        }
    }

    /// <summary>Gives its place back when it ends, which is what the disposal waits for. Never fails.</summary>
    private async Task ServeAsync(Socket client)
    {
        try
        {
            await serve(client, stopping.Token);
        }
        catch (Exception failure) when (failure is SocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // One of the two sides is gone, slow, or not allowed any more; or we are stopping.
        }
        catch (Exception failure)
        {
            Log.Failed(log, failure);
        }
        finally
        {
            client.Dispose();
            places.Release();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "A connection of a sandbox could not be accepted: {Problem}")]
        public static partial void NotAccepted(ILogger log, string problem);

        [LoggerMessage(Level = LogLevel.Error, Message = "A connection of a sandbox failed")]
        public static partial void Failed(ILogger log, Exception failure);
    }
}
