using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;

namespace Moru.Mcp.Tests;

/// <summary>A server with more connections than it takes at once.</summary>
public sealed class BusyServers : IDisposable
{
    private readonly TemporaryDirectory data = new();

    public void Dispose() => data.Dispose();

    [Fact]
    public async Task A_server_that_is_busy_is_waited_for_and_not_taken_for_gone()
    {
        var settings = new Settings { DataDirectory = data.Path, EnvdPath = Artifacts.Envd, Http = new IPEndPoint(IPAddress.Loopback, 0) };
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(settings.SocketPath));
        listener.Listen(1);
        var waiting = new List<Socket>();
        while (TryConnect(settings.SocketPath) is { } another) waiting.Add(another);
        await using var backend = new Backend(settings, NullLoggerFactory.Instance);

        var found = backend.FindAsync(TestContext.Current.CancellationToken);
        Assert.False(found.IsCompleted);
        var accepting = AcceptAllAsync(listener);
        await found.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
        listener.Dispose();
        await accepting;

        Assert.Empty(Directory.GetFileSystemEntries(data.Path)); // no store, so no server was started
        waiting.ForEach(socket => socket.Dispose());
    }

    private static async Task AcceptAllAsync(Socket listener)
    {
        try
        {
            while (true) (await listener.AcceptAsync()).Dispose();
        }
        catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    /// <returns>Null when the queue is full.</returns>
    private static Socket? TryConnect(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return socket;
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.WouldBlock)
        {
            socket.Dispose();
            return null;
        }
    }
}
