using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Moru.Testing;

/// <summary>Something that arrived at the world: a connection, or a datagram.</summary>
public sealed record Arrival(IPEndPoint At, IPEndPoint From);

/// <summary>
/// A network namespace that plays the internet, a private network and a cloud's metadata service, with servers of this process in it. This
/// machine routes a few addresses there while it exists, and nothing leaves the machine. Needs root and iproute2.
/// </summary>
public sealed partial class World : IAsyncDisposable
{
    private const int NetworkNamespace = 0x40000000;
    private const string Sandboxes = "198.18.0.0/15";

    private readonly string name = "mw" + Guid.NewGuid().ToString("n")[..8];
    private readonly CancellationTokenSource stopping = new();
    private readonly ConcurrentBag<Socket> sockets = [];
    private readonly ConcurrentBag<Task> loops = [];
    private readonly ConcurrentQueue<Arrival> arrivals = new();
    private readonly int block;
    private readonly string[] machine;

    private World(int block, string[] machine) => (this.block, this.machine) = (block, machine);

    /// <summary>A cloud's metadata service.</summary>
    public static IPAddress Metadata { get; } = IPAddress.Parse("169.254.169.254");

    /// <summary>Addresses of the internet, all from a range for documentation (RFC 5737).</summary>
    public IPAddress Public => Address(2);

    /// <summary>Another host of the internet.</summary>
    public IPAddress OtherPublic => IPAddress.Parse($"203.0.113.{block + 128}");

    /// <summary>A third one.</summary>
    public IPAddress ThirdPublic => IPAddress.Parse($"203.0.113.{block + 129}");

    /// <summary>A host of a private network.</summary>
    public IPAddress Private => IPAddress.Parse($"10.203.113.{block}");

    /// <summary>Everything that arrived so far.</summary>
    public IReadOnlyCollection<Arrival> Arrivals => arrivals;

    /// <summary>File of the namespace.</summary>
    public string Place => $"/run/netns/{name}";

    /// <summary>Makes the namespace.</summary>
    /// <param name="around">Namespace that it is the world of; null: that of this machine.</param>
    public static async Task<World> StartAsync(string? around = null)
    {
        string[] machine = around is null ? [] : ["-n", around];
        var known = await Shell.RunAsync(["ip", .. machine, "-o", "address"]);
        var free = Enumerable.Range(16, 15).Where(k => !known.Contains($" 198.51.100.{4 * k + 1}/30", StringComparison.Ordinal)).ToArray();
        var world = new World(Random.Shared.GetItems(free, 1)[0] * 4, machine);
        try
        {
            await IpAsync($"netns add {world.name}");
            await world.AroundAsync($"link add {world.name} type veth peer name eth0 netns {world.name}");
            await world.AroundAsync($"address add {world.Address(1)}/30 dev {world.name}");
            await world.AroundAsync($"link set {world.name} up");
            await IpAsync($"-n {world.name} address add {world.Public}/30 dev eth0");
            await IpAsync($"-n {world.name} link set lo up");
            await IpAsync($"-n {world.name} link set eth0 up");
            await IpAsync($"-n {world.name} route add default via {world.Address(1)}");
            foreach (var address in (IPAddress[])[world.OtherPublic, world.ThirdPublic, world.Private]) await world.AddAsync(address);
            await world.AddMetadataAsync();
            return world;
        }
        catch
        {
            await world.DisposeAsync();
            throw;
        }
    }

    /// <summary>Lets connections come, keeps note of them, and answers each.</summary>
    /// <param name="at">Address and port.</param>
    /// <param name="answer">Reads and writes; the connection ends with it.</param>
    public void Listen(IPEndPoint at, Func<NetworkStream, CancellationToken, Task> answer)
    {
        var socket = Open(at, SocketType.Stream, ProtocolType.Tcp);
        socket.Listen();
        loops.Add(Task.Run(() => AcceptAsync(socket, at, answer)));
    }

    /// <summary>Takes datagrams, keeps note of them, and answers each.</summary>
    /// <param name="at">Address and port.</param>
    /// <param name="answer">Null: nothing.</param>
    public void Receive(IPEndPoint at, Func<byte[], byte[]?> answer)
    {
        var socket = Open(at, SocketType.Dgram, ProtocolType.Udp);
        loops.Add(Task.Run(() => ReceiveAsync(socket, at, answer)));
    }

    /// <summary>What arrived at an address.</summary>
    public IReadOnlyList<Arrival> At(IPAddress address) => [.. arrivals.Where(arrival => arrival.At.Address.Equals(address))];

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        foreach (var socket in sockets) socket.Dispose();
        await Task.WhenAll(loops);
        await GoneAsync(() => AroundAsync($"rule delete from {Sandboxes} to {Metadata} lookup {Table}"));
        await GoneAsync(() => AroundAsync($"link delete {name}")); // its routes go with it
        await GoneAsync(() => IpAsync($"netns delete {name}"));
        stopping.Dispose();
    }

    /// <summary>One part of a world that was made only in part does not keep the others from going.</summary>
    private static async Task GoneAsync(Func<Task> remove)
    {
        try
        {
            await remove();
        }
        catch (InvalidOperationException)
        {
            // It was never made; what made it failed has been told.
        }
    }

    private int Table => 1000 + block;

    private IPAddress Address(int host) => IPAddress.Parse($"198.51.100.{block + host}");

    private async Task AddAsync(IPAddress address)
    {
        await IpAsync($"-n {name} address add {address}/32 dev lo");
        await AroundAsync($"route add {address}/32 via {Public} dev {name}");
    }

    /// <summary>For what comes from sandboxes alone: programs of this machine may ask a real one.</summary>
    private async Task AddMetadataAsync()
    {
        await IpAsync($"-n {name} address add {Metadata}/32 dev lo");
        await AroundAsync($"route add {Metadata}/32 via {Public} dev {name} table {Table}");
        await AroundAsync($"rule add from {Sandboxes} to {Metadata} lookup {Table}");
    }

    private async Task AcceptAsync(Socket listener, IPEndPoint at, Func<NetworkStream, CancellationToken, Task> answer)
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptAsync(stopping.Token);
                arrivals.Enqueue(new Arrival(at, (IPEndPoint)client.RemoteEndPoint!));
                loops.Add(Task.Run(() => AnswerAsync(client, answer)));
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The world is over.
        }
    }

    private async Task AnswerAsync(Socket client, Func<NetworkStream, CancellationToken, Task> answer)
    {
        try
        {
            await using var stream = new NetworkStream(client, ownsSocket: true);
            await answer(stream, stopping.Token);
        }
        catch (Exception ended) when (ended is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
            // The caller is gone, or the world is over.
        }
    }

    private async Task ReceiveAsync(Socket socket, IPEndPoint at, Func<byte[], byte[]?> answer)
    {
        var buffer = new byte[4096];
        try
        {
            while (true)
            {
                var received = await socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), stopping.Token);
                arrivals.Enqueue(new Arrival(at, (IPEndPoint)received.RemoteEndPoint));
                if (answer(buffer[..received.ReceivedBytes]) is { } said) await socket.SendToAsync(said, received.RemoteEndPoint, stopping.Token);
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The world is over.
        }
    }

    private Socket Open(IPEndPoint at, SocketType type, ProtocolType protocol)
    {
        var socket = Open(Place, at, type, protocol);
        sockets.Add(socket);
        return socket;
    }

    /// <summary>Makes a socket in another network namespace: it belongs to that of the thread that makes it, whoever uses it later.</summary>
    /// <param name="place">File of the namespace.</param>
    /// <param name="at">What to bind it to.</param>
    /// <param name="type">Of the socket.</param>
    /// <param name="protocol">Of the socket.</param>
    public static Socket Open(string place, IPEndPoint at, SocketType type, ProtocolType protocol)
    {
        Socket? socket = null;
        Exception? problem = null;
        var visitor = new Thread(() =>
        {
            try
            {
                using var handle = File.OpenHandle(place);
                if (SetNamespace(handle, NetworkNamespace) != 0) throw new InvalidOperationException($"setns: {Marshal.GetLastPInvokeError()}");
                socket = new Socket(AddressFamily.InterNetwork, type, protocol);
                socket.Bind(at);
            }
            catch (Exception failure)
            {
                problem = failure;
            }
        });
        visitor.Start();
        visitor.Join();
        if (problem is not null) throw new InvalidOperationException($"Nothing can listen at {at}.", problem);
        return socket!;
    }

    private Task<string> AroundAsync(string arguments) => Shell.RunAsync(["ip", .. machine, .. arguments.Split(' ')]);

    private static Task<string> IpAsync(string arguments) => Shell.RunAsync(["ip", .. arguments.Split(' ')]);

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(SafeHandle place, int kind);
}
