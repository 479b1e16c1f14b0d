using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Moru.Runtime;

/// <summary>
/// Answers the DNS questions of sandboxes, wherever they were sent. It asks for allowed names alone, gives out public addresses alone, and
/// remembers for whom.
/// </summary>
internal sealed partial class Resolver : IAsyncDisposable
{
    // More than so many at a time are not answered; the asker asks again.
    private const int MostAtATime = 256;
    private const int MostConnections = 512;

    private static readonly TimeSpan LongestIdle = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource stopping = new();
    private readonly SemaphoreSlim places = new(MostAtATime);
    private readonly Socket datagrams;
    private readonly ConnectionListener connections;
    private readonly Func<IPAddress, NetworkMember?> memberAt;
    private readonly Upstream upstream;
    private readonly PublicAddresses addresses;
    private readonly ILogger log;
    private readonly Task receiving;

    /// <param name="address">The bridge's own.</param>
    /// <param name="memberAt">Finds a sandbox by its address.</param>
    /// <param name="upstream">Who is asked.</param>
    /// <param name="addresses">Which addresses may be given out.</param>
    /// <param name="time">Measures rests.</param>
    /// <param name="log">Where a failure is told.</param>
    public Resolver(IPAddress address, Func<IPAddress, NetworkMember?> memberAt, Upstream upstream, PublicAddresses addresses, TimeProvider time, ILogger log)
    {
        this.memberAt = memberAt;
        this.upstream = upstream;
        this.addresses = addresses;
        this.log = log;
        connections = new ConnectionListener(ConnectionListener.Listen(address), MostConnections, AnswerConnectionAsync, time, log);
        datagrams = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        // The same port for both, which one of them has just been given.
        datagrams.Bind(new IPEndPoint(address, Port));
        receiving = ReceiveAsync();
    }

    public int Port => connections.Port;

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await connections.DisposeAsync();
        datagrams.Dispose();
        await receiving;
        // Answers under way use these until the last.
        for (var place = 0; place < MostAtATime; place++) await places.WaitAsync();
        places.Dispose();
        stopping.Dispose();
    }

    /// <returns>What to answer; null: nothing.</returns>
    public async Task<byte[]?> AnswerAsync(NetworkMember member, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        if (!DnsMessage.TryReadQuestion(message.Span, out var question)) return Malformed(member, message.Span);
        if (!member.Questions.TryTake())
        {
            member.Decisions.Add(DecisionSource.Resolver, question.Name, isAllowed: false, "it asks too many questions");
            return DnsMessage.Empty(question, DnsMessage.Refused);
        }

        var rules = member.Rules;
        if (rules.DeniesAll && rules.EntryFor(question.Name) is null)
        {
            member.Decisions.Add(DecisionSource.Resolver, question.Name, isAllowed: false, "no rule allows the name");
            return DnsMessage.Empty(question, DnsMessage.Refused);
        }

        // Sandboxes have no IPv6; and what a server offers to encrypt its name with would hide the name from us.
        if (question.Type is DnsMessage.Aaaa or DnsMessage.Https or DnsMessage.Svcb or DnsMessage.Any)
            return DnsMessage.Empty(question, DnsMessage.NoError);

        var answer = await upstream.AskAsync(question.Name, question.Type, cancellationToken);
        if (answer is null) return DnsMessage.Empty(question, DnsMessage.ServerFailure);
        if (question.Type != DnsMessage.A)
        {
            member.Decisions.Add(DecisionSource.Resolver, question.Name, isAllowed: true, $"a question of type {question.Type}");
            return DnsMessage.PassOn(question, answer);
        }

        return Addresses(member, question, answer);
    }

    /// <summary>Asks for a sandbox, by the same rules as for its own question.</summary>
    /// <returns>An address of the name; null: none that may be reached.</returns>
    public async Task<uint?> FindAsync(NetworkMember member, string name, CancellationToken cancellationToken)
    {
        if (member.Rules.EntryFor(name) is null || !member.Questions.TryTake()) return null;
        var message = await upstream.AskAsync(name, DnsMessage.A, cancellationToken);
        if (message is null || !DnsMessage.TryReadAddresses(message, name, out var answer)) return null;
        var given = answer.Addresses.Where(addresses.IsPublic).ToList();
        if (given.Count == 0) return null;
        member.Pins.Add(name, given, TimeSpan.FromSeconds(answer.LifeSeconds));
        return given[0];
    }

    private byte[] Addresses(NetworkMember member, DnsQuestion question, byte[] message)
    {
        if (!DnsMessage.TryReadAddresses(message, question.Name, out var answer)) return DnsMessage.Empty(question, DnsMessage.ServerFailure);
        var given = answer with { Addresses = [.. answer.Addresses.Where(addresses.IsPublic).Take(32)] };
        if (answer.Addresses.Count > 0 && given.Addresses.Count == 0)
        {
            var reason = $"its address {AddressRange.ToAddress(answer.Addresses[0])} belongs to {addresses.WhyNot(answer.Addresses[0])}";
            member.Decisions.Add(DecisionSource.Resolver, question.Name, isAllowed: false, reason);
            return DnsMessage.Empty(question, DnsMessage.Refused);
        }

        member.Decisions.Add(DecisionSource.Resolver, question.Name, isAllowed: true, given.Addresses.Count == 0 ? "it has no address" : "it was answered");
        if (given.Addresses.Count > 0) member.Pins.Add(question.Name, given.Addresses, TimeSpan.FromSeconds(given.LifeSeconds));
        return DnsMessage.Answer(question, DnsMessage.CodeOf(message), given);
    }

    private static byte[]? Malformed(NetworkMember member, ReadOnlySpan<byte> message)
    {
        member.Decisions.Add(DecisionSource.Resolver, "(malformed)", isAllowed: false, "it is no plain question for a host name");
        if (message.Length < 12 || (message[2] & 0x80) != 0) return null;
        // Its id, marked as a response, with nothing but the code.
        return [message[0], message[1], 0x80, DnsMessage.FormatError, 0, 0, 0, 0, 0, 0, 0, 0];
    }

    private async Task ReceiveAsync()
    {
        var buffer = new byte[4096];
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var received = await datagrams.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), stopping.Token);
                if (memberAt(((IPEndPoint)received.RemoteEndPoint).Address) is not { } member || !await places.WaitAsync(0)) continue;
                _ = AnswerDatagramAsync(member, buffer[..received.ReceivedBytes], received.RemoteEndPoint);
            }
            catch (Exception failure) when (failure is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // Somebody's port is closed by now, or we are.
            }
        }
    }

    /// <summary>Gives its place back when it ends, which is what the disposal waits for. Never fails.</summary>
    private async Task AnswerDatagramAsync(NetworkMember member, byte[] message, EndPoint asker)
    {
        try
        {
            if (await AnswerAsync(member, message, stopping.Token) is not { } answer) return;
            if (DnsMessage.TryReadQuestion(message, out var question) && answer.Length > question.LongestAnswer) answer = DnsMessage.TooLong(question);
            await datagrams.SendToAsync(answer, asker, stopping.Token);
        }
        catch (Exception failure)
        {
            if (!stopping.IsCancellationRequested) Log.NotAnswered(log, member.Id, failure.Message);
        }
        finally
        {
            places.Release();
        }
    }

    private async Task AnswerConnectionAsync(Socket client, CancellationToken cancellationToken)
    {
        if (memberAt(((IPEndPoint)client.RemoteEndPoint!).Address) is not { } member || !member.ToResolver.TryAdd()) return;
        try
        {
            await using var stream = new NetworkStream(client);
            while (true)
            {
                using var idle = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                idle.CancelAfter(LongestIdle);
                if (await Upstream.ReadAsync(stream, idle.Token) is not { } message || await AnswerAsync(member, message, idle.Token) is not { } answer) return;
                await Upstream.WriteAsync(stream, answer, idle.Token);
            }
        }
        finally
        {
            member.ToResolver.Remove();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "A question of sandbox {SandboxId} was not answered: {Problem}")]
        public static partial void NotAnswered(ILogger log, string sandboxId, string problem);
    }
}
