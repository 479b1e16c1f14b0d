using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Moru.Envd;

/// <summary>
/// Keeps connections that come from within the sandbox few: whatever its programs open and hold, those who reach it from outside
/// still find room.
/// </summary>
internal sealed class InsideLimit(ConnectionDelegate next)
{
    private const int MaxInside = 256;

    private int _inside;

    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        if (!IsInside(connection))
        {
            await next(connection);
            return;
        }

        try
        {
            if (Interlocked.Increment(ref _inside) <= MaxInside) await next(connection);
            else connection.Abort();
        }
        finally
        {
            Interlocked.Decrement(ref _inside);
        }
    }

    private static bool IsInside(ConnectionContext connection) =>
        connection is { RemoteEndPoint: IPEndPoint remote, LocalEndPoint: IPEndPoint local }
        && (IPAddress.IsLoopback(remote.Address) || IPAddress.IsLoopback(remote.Address.MapToIPv4()) || remote.Address.Equals(local.Address));
}
