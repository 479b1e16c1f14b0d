using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Moru.Runtime;

/// <summary>
/// Takes the connections of sandboxes whose rules allow names, wherever they lead, reads the name that each asks for, and connects those
/// that are allowed.
/// </summary>
internal sealed class NameProxy : IAsyncDisposable
{
    private const int MostConnections = 2048;
    private const int SocketLevelIp = 0;
    private const int OriginalDestination = 80;

    private readonly ConnectionListener listener;
    private readonly Func<IPAddress, NetworkMember?> memberAt;
    private readonly Resolver resolver;
    private readonly PublicAddresses addresses;

    /// <param name="address">The bridge's own.</param>
    /// <param name="memberAt">Finds a sandbox by its address.</param>
    /// <param name="resolver">Knows the addresses of names that are asked for by name alone.</param>
    /// <param name="addresses">Which addresses may be connected to.</param>
    /// <param name="time">Measures rests.</param>
    /// <param name="log">Where a failure is told.</param>
    public NameProxy(IPAddress address, Func<IPAddress, NetworkMember?> memberAt, Resolver resolver, PublicAddresses addresses, TimeProvider time, ILogger log)
    {
        this.memberAt = memberAt;
        this.resolver = resolver;
        this.addresses = addresses;
        listener = new ConnectionListener(ConnectionListener.Listen(address), MostConnections, ServeAsync, time, log);
    }

    public int Port => listener.Port;

    public ValueTask DisposeAsync() => listener.DisposeAsync();

    private async Task ServeAsync(Socket client, CancellationToken cancellationToken)
    {
        if (memberAt(((IPEndPoint)client.RemoteEndPoint!).Address) is not { } member || !member.ThroughProxy.TryAdd()) return;
        try
        {
            client.NoDelay = true;
            using var connection = new NameConnection(client, member, Destination(client), resolver, addresses);
            await connection.RunAsync(cancellationToken);
        }
        finally
        {
            member.ThroughProxy.Remove();
        }
    }

    /// <summary>Where the sandbox wanted to go before the kernel turned it here.</summary>
    private static IPEndPoint Destination(Socket client)
    {
        Span<byte> address = stackalloc byte[16];
        client.GetRawSocketOption(SocketLevelIp, OriginalDestination, address);
        return new IPEndPoint(new IPAddress(address.Slice(4, 4)), BinaryPrimitives.ReadUInt16BigEndian(address[2..]));
    }
}
