using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Moru.Runtime;

/// <summary>The DNS servers that this machine asks.</summary>
internal sealed class Upstream(IReadOnlyList<IPEndPoint> configured)
{
    private const string ResolverFile = "/etc/resolv.conf";
    private const int Port = 53;

    private static readonly TimeSpan OneTry = TimeSpan.FromSeconds(2);

    private volatile IPEndPoint? lastGood;

    /// <returns>The answer; null: none of the servers gave one.</returns>
    public async Task<byte[]?> AskAsync(string name, ushort type, CancellationToken cancellationToken)
    {
        var servers = configured.Count > 0 ? configured : OfThisMachine();
        foreach (var server in servers.OrderByDescending(server => server.Equals(lastGood)))
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(OneTry);
            try
            {
                var answer = await AskAsync(server, name, type, limit.Token);
                lastGood = server;
                return answer;
            }
            catch (Exception failure) when (failure is SocketException or IOException || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                // The next one may know.
            }
        }

        return null;
    }

    private static async Task<byte[]> AskAsync(IPEndPoint server, string name, ushort type, CancellationToken cancellationToken)
    {
        var id = (ushort)RandomNumberGenerator.GetInt32(ushort.MaxValue + 1);
        var question = DnsMessage.Ask(id, name, type);
        // A socket of its own for each question: together with the id, its random port is what a forger would have to guess.
        using var socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(server, cancellationToken);
        await socket.SendAsync(question, cancellationToken);
        var buffer = new byte[4096];
        while (true)
        {
            var length = await socket.ReceiveAsync(buffer, cancellationToken);
            if (!DnsMessage.Answers(buffer.AsSpan(0, length), id, name, type)) continue;
            return DnsMessage.IsTruncated(buffer) ? await AskByTcpAsync(server, question, id, name, type, cancellationToken) : buffer[..length];
        }
    }

    private static async Task<byte[]> AskByTcpAsync(IPEndPoint server, byte[] question, ushort id, string name, ushort type, CancellationToken cancellationToken)
    {
        using var client = new TcpClient(server.AddressFamily);
        await client.ConnectAsync(server, cancellationToken);
        var stream = client.GetStream();
        await WriteAsync(stream, question, cancellationToken);
        var answer = await ReadAsync(stream, cancellationToken) ?? throw new IOException("The server ended the connection.");
        return DnsMessage.Answers(answer, id, name, type) ? answer : throw new IOException("The server answered something else.");
    }

    /// <summary>Writes a message as it goes over TCP.</summary>
    public static async Task WriteAsync(Stream stream, byte[] message, CancellationToken cancellationToken)
    {
        var framed = new byte[message.Length + 2];
        BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)message.Length);
        message.CopyTo(framed, 2);
        await stream.WriteAsync(framed, cancellationToken);
    }

    /// <summary>Reads a message as it comes over TCP; null at the end.</summary>
    public static async Task<byte[]?> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var length = new byte[2];
        if (await stream.ReadAtLeastAsync(length, 2, throwOnEndOfStream: false, cancellationToken) < 2) return null;
        var message = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
        await stream.ReadExactlyAsync(message, cancellationToken);
        return message;
    }

    // Read for each question: networks change, and the file is a line or two.
    private static List<IPEndPoint> OfThisMachine() => !File.Exists(ResolverFile)
        ? []
        : [.. File.ReadLines(ResolverFile)
            .Select(line => line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words is ["nameserver", ..] && words.Length > 1)
            .Select(words => IPAddress.TryParse(words[1], out var address) ? new IPEndPoint(address, Port) : null)
            .OfType<IPEndPoint>()];
}
