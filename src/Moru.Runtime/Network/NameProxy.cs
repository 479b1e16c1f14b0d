using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Moru.Runtime;

/// <summary>
/// Takes the connections of sandboxes whose rules allow names, wherever they lead, reads the name that each asks for, and connects those
/// that are allowed.
/// </summary>
internal sealed partial class NameProxy : IAsyncDisposable
{
    private const int MostConnections = 2048;
    private const int MostOfOne = 256;
    private const int SocketLevelIp = 0;
    private const int OriginalDestination = 80;

    private readonly CancellationTokenSource stopping = new();
    private readonly SemaphoreSlim places = new(MostConnections);
    private readonly TcpListener listener;
    private readonly Func<IPAddress, NetworkMember?> memberAt;
    private readonly Resolver resolver;
    private readonly PublicAddresses addresses;
    private readonly ILogger log;
    private readonly Task accepting;

    /// <param name="address">The bridge's own.</param>
    /// <param name="memberAt">Finds a sandbox by its address.</param>
    /// <param name="resolver">Knows the addresses of names that are asked for by name alone.</param>
    /// <param name="addresses">Which addresses may be connected to.</param>
    /// <param name="log">Where a failure is told.</param>
    public NameProxy(IPAddress address, Func<IPAddress, NetworkMember?> memberAt, Resolver resolver, PublicAddresses addresses, ILogger log)
    {
        this.memberAt = memberAt;
        this.resolver = resolver;
        this.addresses = addresses;
        this.log = log;
        listener = new TcpListener(address, 0);
        listener.Start(512);
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Stop();
        await accepting;
        // Connections give their places back when they end.
        for (var place = 0; place < MostConnections; place++) await places.WaitAsync();
        places.Dispose();
        stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var client = await listener.AcceptSocketAsync(stopping.Token);
                if (await places.WaitAsync(0)) _ = ServeAsync(client);
                else client.Dispose();
            }
            catch (Exception failure) when (failure is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The caller is gone, or we are.
            }
        }
    }

    /// <summary>Gives its place back when it ends, which is what the disposal waits for. Never fails.</summary>
    private async Task ServeAsync(Socket client)
    {
        NetworkMember? member = null;
        var isCounted = false;
        try
        {
            member = memberAt(((IPEndPoint)client.RemoteEndPoint!).Address);
            if (member is null || !(isCounted = member.TryOpen(MostOfOne))) return;
            client.NoDelay = true;
            using var connection = new NameConnection(client, member, Destination(client), resolver, addresses);
            await connection.RunAsync(stopping.Token);
        }
        catch (Exception failure) when (failure is SocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // One of the two sides is gone, slow, or not allowed any more.
        }
        catch (Exception failure)
        {
            Log.Failed(log, member?.Id, failure);
        }
        finally
        {
            if (isCounted) member!.Close();
            client.Dispose();
            places.Release();
        }
    }

    /// <summary>Where the sandbox wanted to go before the kernel turned it here.</summary>
    private static IPEndPoint Destination(Socket client)
    {
        Span<byte> address = stackalloc byte[16];
        client.GetRawSocketOption(SocketLevelIp, OriginalDestination, address);
        return new IPEndPoint(new IPAddress(address.Slice(4, 4)), BinaryPrimitives.ReadUInt16BigEndian(address[2..]));
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "A connection of sandbox {SandboxId} failed")]
        public static partial void Failed(ILogger log, string? sandboxId, Exception failure);
    }
}
