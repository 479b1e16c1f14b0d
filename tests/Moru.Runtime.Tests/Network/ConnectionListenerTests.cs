using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Moru.Runtime.Tests;

public sealed class ConnectionListenerTests
{
    private static readonly byte[] Hello = "hello"u8.ToArray();

    [Fact]
    public async Task A_machine_that_gives_no_connections_is_asked_again_after_a_rest()
    {
        var time = new CountedTimers();
        var socket = ConnectionListener.Listen(IPAddress.Loopback);
        var port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        await using var listener = new ConnectionListener(socket, 1, (client, cancel) => client.SendAsync(Hello, cancel).AsTask(), time, NullLogger.Instance);

        socket.Shutdown(SocketShutdown.Both); // from now on every accept fails at once, as without free descriptors
        await Eventually.TrueAsync(() => time.Count == 1);
        for (var rest = 1; rest < 5; rest++)
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            await Eventually.TrueAsync(() => time.Count == rest + 1);
        }

        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        socket.Listen();
        time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal(Hello, await ReadAsync(port));
    }

    [Fact]
    public async Task Connections_beyond_the_most_are_closed_and_the_disposal_waits_for_the_others()
    {
        var isServing = new TaskCompletionSource();
        var hasEnded = false;
        var listener = new ConnectionListener(ConnectionListener.Listen(IPAddress.Loopback), 1, ServeAsync, TimeProvider.System, NullLogger.Instance);
        using var first = new TcpClient();
        await first.ConnectAsync(IPAddress.Loopback, listener.Port, Node.Cancel);
        await isServing.Task;

        Assert.Empty(await ReadAsync(listener.Port));
        await listener.DisposeAsync();

        Assert.True(hasEnded);

        async Task ServeAsync(Socket client, CancellationToken cancellationToken)
        {
            isServing.SetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            await Task.Yield();
            hasEnded = true;
        }
    }

    private static async Task<byte[]> ReadAsync(int port)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port, Node.Cancel);
        using var said = new MemoryStream();
        await client.GetStream().CopyToAsync(said, Node.Cancel);
        return said.ToArray();
    }

    private sealed class CountedTimers : FakeTimeProvider
    {
        private int count;

        public int Count => Volatile.Read(ref count);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            Interlocked.Increment(ref count);
            return timer;
        }
    }
}
