using System.Net;
using System.Net.Sockets;

namespace Moru.Runtime;

/// <summary>
/// One connection of a sandbox through <see cref="NameProxy"/>. The name that it asks for must be allowed, and its destination must be an
/// address that our resolver gave this sandbox for that name; of plain HTTP that holds for each request.
/// </summary>
internal sealed class NameConnection : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource ended = new();
    private readonly Socket client;
    private readonly NetworkStream stream;
    private readonly IncomingBytes incoming;
    private readonly NetworkMember member;
    private readonly Resolver resolver;
    private readonly PublicAddresses addresses;
    private IPEndPoint destination;
    private Socket? server;
    private volatile string? name;
    private bool isTunnel;

    public NameConnection(Socket client, NetworkMember member, IPEndPoint destination, Resolver resolver, PublicAddresses addresses)
    {
        this.client = client;
        this.member = member;
        this.destination = destination;
        this.resolver = resolver;
        this.addresses = addresses;
        stream = new NetworkStream(client);
        incoming = new IncomingBytes(stream);
        member.Changed += LookAgain;
    }

    public async Task RunAsync(CancellationToken stopping)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping, ended.Token);
        limit.CancelAfter(Patience);
        if (!await incoming.ReadMoreAsync(limit.Token)) return;
        if (incoming.Ready.Span[0] == TlsHello.HandshakeRecord)
        {
            if (await ReadHelloAsync(limit.Token) && await ConnectAsync(limit.Token)) await PassAsync(limit);
            return;
        }

        if (await ReadHeadAsync(limit.Token) is not { } head || !await AllowsAsync(head, limit.Token)) return;
        if (!await ConnectAsync(limit.Token)) return;
        if (head.IsConnect)
        {
            await stream.WriteAsync("HTTP/1.1 200 Connection established\r\n\r\n"u8.ToArray(), limit.Token);
            isTunnel = true;
            if (!await ReadTunnelAsync(limit.Token)) return;
            if (incoming.Ready.Span[0] == TlsHello.HandshakeRecord)
            {
                await PassAsync(limit);
                return;
            }

            if (await ReadHeadAsync(limit.Token) is not { } inner || !await AllowsAsync(inner, limit.Token)) return;
            head = inner;
        }

        await PassRequestsAsync(head, limit);
    }

    public void Dispose()
    {
        member.Changed -= LookAgain;
        stream.Dispose();
        server?.Dispose();
        ended.Dispose();
    }

    /// <summary>Ends the connection when changed rules do not allow it.</summary>
    private void LookAgain()
    {
        if (name is not null && member.Rules.EntryFor(name) is not null) return;
        try
        {
            ended.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has just ended by itself.
        }
    }

    private async Task<bool> ReadHelloAsync(CancellationToken cancellationToken)
    {
        string? asked;
        while (!TlsHello.TryRead(incoming.Ready.Span, out asked))
            if (!await incoming.ReadMoreAsync(cancellationToken)) return Refuse("(TLS)", "it names no host");
        return asked is null ? Refuse($"{destination}", "its TLS handshake names no host") : Allows(asked, null);
    }

    /// <summary>What comes through a tunnel must be for the host that the tunnel is for.</summary>
    private async Task<bool> ReadTunnelAsync(CancellationToken cancellationToken)
    {
        if (!await incoming.ReadMoreAsync(cancellationToken)) return false;
        return incoming.Ready.Span[0] != TlsHello.HandshakeRecord || await ReadHelloAsync(cancellationToken);
    }

    /// <returns>Null when there is none, or it is no HTTP that we understand.</returns>
    private async Task<HttpHead?> ReadHeadAsync(CancellationToken cancellationToken)
    {
        int end;
        while ((end = HttpHead.EndOf(incoming.Ready.Span)) < 0)
        {
            if (incoming.Ready.Length > 0 && !IsText(incoming.Ready.Span[0])) break;
            if (incoming.Ready.Length > HttpHead.Most || !await incoming.ReadMoreAsync(cancellationToken)) break;
        }

        if (end < 0 && incoming.Ready.Length == 0) return null;
        if (end is < 0 or > HttpHead.Most || !HttpHead.TryRead(incoming.Ready.Span[..end], out var head))
        {
            Refuse($"{destination}", "it is neither TLS nor HTTP that leaves no doubt");
            return null;
        }

        incoming.Take(end);
        return head;
    }

    private async Task<bool> AllowsAsync(HttpHead head, CancellationToken cancellationToken)
    {
        if (head.IsConnect) return !isTunnel && await FindAsync(head, cancellationToken);
        if (head.Authority is { } authority && !SameHost(authority, head.Host)) return Refuse(authority, "its target and its Host differ");
        return HostName.TryParseAuthority(head.Host, out var asked, out var port) ? Allows(asked, port) : Refuse(head.Host, "its Host is no plain host name");
    }

    private bool Allows(string text, int? port)
    {
        if (!HostName.TryParse(text, out var asked)) return Refuse(text, "it is no plain host name");
        if (isTunnel && asked != name) return Refuse(asked, $"the tunnel is for '{name}'");
        if (port is not null && port != destination.Port) return Refuse(asked, $"its Host names port {port} on a connection to port {destination.Port}");
        if (member.Rules.EntryFor(asked) is not { } entry) return Refuse(asked, "no rule allows the name");
        var address = AddressRange.ToNumber(destination.Address);
        if (addresses.WhyNot(address) is { } what) return Refuse(asked, $"its address {destination.Address} belongs to {what}");
        if (!member.Pins.Has(asked, address)) return Refuse(asked, $"{destination.Address} was not answered for this name");
        if (name != asked) member.Decisions.Add(DecisionSource.NameProxy, $"{asked}:{destination.Port}", isAllowed: true, $"'{entry}' allows the name");
        name = asked;
        return true;
    }

    /// <summary>Resolves the host of a CONNECT, as the sandbox would have done it.</summary>
    private async Task<bool> FindAsync(HttpHead head, CancellationToken cancellationToken)
    {
        if (!HostName.TryParseAuthority(head.Authority!, out var asked, out var port) || port is null) return Refuse(head.Authority!, "it is no plain host name with a port");
        if (!SameHost(head.Authority!, head.Host)) return Refuse(head.Authority!, "its target and its Host differ");
        if (await resolver.FindAsync(member, asked, cancellationToken) is not { } address) return Refuse(asked, "the name has no address that may be reached");
        destination = new IPEndPoint(AddressRange.ToAddress(address), port.Value);
        return Allows(asked, port);
    }

    private async Task<bool> ConnectAsync(CancellationToken cancellationToken)
    {
        if (IsThisMachine(destination.Address)) return Refuse($"{destination}", "it is the server's machine");
        server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await server.ConnectAsync(destination, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            Reset();
            return false;
        }
    }

    /// <summary>Both directions, until both have ended.</summary>
    private async Task PassAsync(CancellationTokenSource limit)
    {
        limit.CancelAfter(Timeout.InfiniteTimeSpan);
        await using var upstream = new NetworkStream(server!);
        await BothAsync(limit, ForwardAsync(), BackAsync(upstream, limit.Token));

        async Task ForwardAsync()
        {
            await incoming.CopyToAsync(upstream, limit.Token);
            server!.Shutdown(SocketShutdown.Send);
        }
    }

    /// <summary>Answers pass as they come; each request is looked at.</summary>
    private async Task PassRequestsAsync(HttpHead first, CancellationTokenSource limit)
    {
        limit.CancelAfter(Timeout.InfiniteTimeSpan);
        await using var upstream = new NetworkStream(server!);
        await BothAsync(limit, ForwardAsync(), BackAsync(upstream, limit.Token));

        async Task ForwardAsync()
        {
            for (var head = first; head is not null; head = await ReadHeadAsync(limit.Token))
            {
                if (head != first && (head.IsConnect || !await AllowsAsync(head, limit.Token))) break;
                await upstream.WriteAsync(head.Text, limit.Token);
                var isWhole = head.BodyLength is { } length
                    ? await incoming.CopyToAsync(upstream, length, limit.Token)
                    : await incoming.CopyChunksToAsync(upstream, limit.Token);
                if (isWhole) continue;
                Reset();
                break;
            }

            server!.Shutdown(SocketShutdown.Send);
        }
    }

    private async Task BackAsync(NetworkStream upstream, CancellationToken cancellationToken)
    {
        await upstream.CopyToAsync(stream, 64 << 10, cancellationToken);
        client.Shutdown(SocketShutdown.Send);
    }

    /// <summary>The first to fail ends the other.</summary>
    private async Task BothAsync(CancellationTokenSource limit, Task forward, Task back)
    {
        if (await Task.WhenAny(forward, back) is { IsCompletedSuccessfully: false }) await limit.CancelAsync();
        try
        {
            await Task.WhenAll(forward, back);
        }
        catch
        {
            Reset();
            throw;
        }
    }

    private bool Refuse(string target, string reason)
    {
        member.Decisions.Add(DecisionSource.NameProxy, target, isAllowed: false, reason);
        Reset();
        return false;
    }

    /// <summary>The sandbox sees a reset connection, as from a host that refuses.</summary>
    private void Reset()
    {
        if (!client.SafeHandle.IsClosed) client.LingerState = new LingerOption(true, 0);
        client.Close();
        ended.Cancel();
    }

    /// <summary>What is sent to an address of one's own comes from that address. Nothing is sent to find out.</summary>
    private static bool IsThisMachine(IPAddress address)
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        probe.Connect(address, 9);
        return ((IPEndPoint)probe.LocalEndPoint!).Address.Equals(address);
    }

    private static bool SameHost(string authority, string host) =>
        HostName.TryParseAuthority(authority, out var a, out var x) && HostName.TryParseAuthority(host, out var b, out var y) && a == b && (x ?? 80) == (y ?? x ?? 80);

    private static bool IsText(byte first) => first is >= (byte)'A' and <= (byte)'Z';
}
