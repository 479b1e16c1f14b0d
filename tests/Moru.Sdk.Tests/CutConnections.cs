using System.Net.Sockets;

namespace Moru.Sdk.Tests;

/// <summary>Connections to the server that a test can cut.</summary>
internal sealed class CutConnections(ServerFixture fixture) : IDisposable
{
    private readonly Lock gate = new();
    private readonly List<Socket> open = [];

    /// <summary>How many connections were made so far.</summary>
    public int Made { get; private set; }

    public MoruOptions Options => new() { ApiKey = fixture.Server.ApiKey, Connect = OpenAsync };

    public void CutAll()
    {
        lock (gate)
        {
            foreach (var socket in open) socket.Dispose();
            open.Clear();
        }
    }

    public void Dispose() => CutAll();

    private async ValueTask<Stream> OpenAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(fixture.Server.SocketPath), cancellationToken);
        lock (gate)
        {
            open.Add(socket);
            Made++;
        }

        return new NetworkStream(socket);
    }
}
