using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Moru.Envd;

/// <summary>
/// Listens on TCP for Kestrel. Its own transport takes 4 KiB of a connection at a time, which is most of the cost of an upload.
/// </summary>
internal sealed class SocketTransport : IConnectionListenerFactory
{
    private const int Backlog = 512;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endpoint is IPEndPoint { Address: var address } && address.Equals(IPAddress.IPv6Any)) socket.DualMode = true;
            socket.Bind(endpoint);
            socket.Listen(Backlog);
            return ValueTask.FromResult<IConnectionListener>(new Listener(socket));
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw exception.SocketErrorCode == SocketError.AddressAlreadyInUse ? new AddressInUseException(exception.Message, exception) : exception;
        }
    }

    private sealed class Listener(Socket socket) : IConnectionListener
    {
        public EndPoint EndPoint { get; } = socket.LocalEndPoint!;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (true)
            {
                try
                {
                    return SocketConnection.Start(await socket.AcceptAsync(cancellationToken));
                }
                catch (SocketException exception) when (exception.SocketErrorCode != SocketError.OperationAborted)
                {
                    // The client was gone before it was accepted.
                }
                catch (Exception exception) when (exception is ObjectDisposedException or SocketException)
                {
                    return null;
                }
            }
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            socket.Dispose();
            return default;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }
}
