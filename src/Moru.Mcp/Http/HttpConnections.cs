using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Moru.Mcp;

/// <summary>
/// Lets connections in before anybody knows whose they are: so many from one network that others find room, and none that says nothing.
/// </summary>
internal sealed class HttpConnections(int mostOfOne, TimeSpan patience, TimeProvider time)
{
    private readonly Dictionary<string, int> open = [];

    /// <summary>Returns when the connection is over; one that is not served is closed.</summary>
    public async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var network = NetworkOf(connection.RemoteEndPoint);
        if (!TryEnter(network)) return;
        try
        {
            if (await SaysSomethingAsync(connection)) await next(connection);
        }
        finally
        {
            Leave(network);
        }
    }

    private async Task<bool> SaysSomethingAsync(ConnectionContext connection)
    {
        using var limit = new CancellationTokenSource(patience, time);
        try
        {
            var read = await connection.Transport.Input.ReadAsync(limit.Token);
            connection.Transport.Input.AdvanceTo(read.Buffer.Start); // the server reads it again
            return !read.Buffer.IsEmpty;
        }
        catch (Exception error) when (error is OperationCanceledException or IOException)
        {
            return false;
        }
    }

    private bool TryEnter(string network)
    {
        lock (open)
        {
            var now = open.GetValueOrDefault(network);
            if (now >= mostOfOne) return false;
            open[network] = now + 1;
            return true;
        }
    }

    private void Leave(string network)
    {
        lock (open)
        {
            if (--open[network] == 0) open.Remove(network);
        }
    }

    // Who has an IPv6 address has the 64 bits below it as well.
    private static string NetworkOf(EndPoint? remote) => remote switch
    {
        IPEndPoint { Address: { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false } address } => Convert.ToHexString(address.GetAddressBytes(), 0, 8),
        IPEndPoint { Address: var address } => address.MapToIPv4().ToString(),
        _ => "",
    };
}
