using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Moru.Server;
using Moru.Testing;

namespace Moru.Bench;

/// <summary>What network rules cost: at a create, for each connection by an allowed name, and for requests on kept connections. Needs root.</summary>
internal static class NetworkFilter
{
    private const string Name = "bench.test";
    private const int Clients = 4;
    private const int Seconds = 5;

    // One connection with one request each; prints milliseconds.
    private const string Connections =
        """
        import socket, sys, time
        address = socket.gethostbyname(sys.argv[1])
        for i in range(int(sys.argv[2])):
            begun = time.perf_counter()
            with socket.create_connection((address, 80)) as s:
                s.send(b"GET / HTTP/1.1\r\nHost: bench.test\r\n\r\n"); s.recv(4096)
            print((time.perf_counter() - begun) * 1000)
        """;

    // As many requests as come back on one connection; prints how many.
    private const string Requests =
        """
        import socket, sys, time
        s = socket.create_connection((socket.gethostbyname(sys.argv[1]), 80)); s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        count, end = 0, time.perf_counter() + float(sys.argv[2])
        while time.perf_counter() < end:
            s.send(b"GET / HTTP/1.1\r\nHost: bench.test\r\n\r\n"); s.recv(4096); count += 1
        print(count)
        """;

    public static async Task MeasureAsync(Setup bench, int samples, CancellationToken cancellationToken)
    {
        await using var world = await World.StartAsync();
        world.Listen(new IPEndPoint(world.OtherPublic, 80), AnswerAsync);
        world.Receive(new IPEndPoint(world.Public, 53), question => Address(question, world.OtherPublic));
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(Path.Combine(directory.Path, "moru.json"), $$"""{ "network": { "resolvers": ["{{world.Public}}"] } }""", cancellationToken);
        await using var server = await MoruServer.StartAsync(
            new ServerOptions { DataDirectory = directory.Path, EnvdPath = bench.Envd }, NullLoggerFactory.Instance, cancellationToken);
        using var client = new MoruClient(new MoruOptions { ApiUrl = new Uri("unix:" + server.SocketPath), ApiKey = server.ApiKey });

        await CreatesAsync(client, samples, cancellationToken);
        await using var open = await client.CreateSandboxAsync(cancellationToken: cancellationToken);
        await using var named = await client.CreateSandboxAsync(options: new() { Network = new() { AllowOut = [Name] } }, cancellationToken: cancellationToken);
        var (straight, filtered) = (new Samples("by address, in the kernel"), new Samples("by name, through the proxy"));
        for (var turn = -1; turn < samples; turn += 10)
        {
            await ConnectAsync(open, turn < 0 ? new Samples("") : straight, cancellationToken);
            await ConnectAsync(named, turn < 0 ? new Samples("") : filtered, cancellationToken);
        }

        Samples.Print("connection with one request, from a sandbox", straight, filtered, "at most 1 ms more");
        Console.WriteLine("requests in a second on kept connections, from a sandbox");
        Console.WriteLine($"  by address {await RateAsync(open, cancellationToken),8:0}   by name {await RateAsync(named, cancellationToken),8:0} (target: at least 3000 by name)\n");
    }

    private static async Task CreatesAsync(MoruClient client, int samples, CancellationToken cancellationToken)
    {
        var stage = new Samples("stage 'network' of a create");
        var isWarm = false;
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Moru.Runtime",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span =>
            {
                if (isWarm && span.OperationName == "sandbox.create.network") stage.Add(span.Duration);
            },
        };
        ActivitySource.AddActivityListener(listener);
        for (var i = 0; i <= samples; i++)
        {
            await using var sandbox = await client.CreateSandboxAsync(cancellationToken: cancellationToken);
            isWarm = true; // the first made the network itself
        }

        stage.Print("what rules add to a create", "at most 15 ms");
    }

    private static async Task ConnectAsync(Sandbox sandbox, Samples times, CancellationToken cancellationToken)
    {
        var said = await sandbox.Commands.RunAsync($"python3 -c '{Connections}' {Name} 10", cancellationToken: cancellationToken);
        foreach (var line in said.Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries)) times.Add(TimeSpan.FromMilliseconds(double.Parse(line, CultureInfo.InvariantCulture)));
    }

    private static async Task<double> RateAsync(Sandbox sandbox, CancellationToken cancellationToken)
    {
        var clients = string.Concat(Enumerable.Repeat($"python3 -c '{Requests}' {Name} {Seconds} & ", Clients));
        var said = await sandbox.Commands.RunAsync(clients + "wait", cancellationToken: cancellationToken);
        return said.Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries).Sum(line => double.Parse(line, CultureInfo.InvariantCulture)) / Seconds;
    }

    private static async Task AnswerAsync(Stream stream, CancellationToken cancellationToken)
    {
        var answer = Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        var buffer = new byte[4096];
        while (await stream.ReadAsync(buffer, cancellationToken) > 0) await stream.WriteAsync(answer, cancellationToken);
    }

    /// <summary>One address for every name.</summary>
    private static byte[] Address(byte[] question, IPAddress address)
    {
        var end = Array.IndexOf(question, (byte)0, 12) + 5;
        return [.. question[..2], 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0, .. question[12..end], 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, .. address.GetAddressBytes()];
    }
}
