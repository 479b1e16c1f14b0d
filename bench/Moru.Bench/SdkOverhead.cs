using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Moru.Protocol;

namespace Moru.Bench;

/// <summary>What the SDK costs over an HTTP client that sends the same requests and looks at nothing.</summary>
internal static class SdkOverhead
{
    private const long Size = 1L << 30;

    public static async Task MeasureAsync(Setup bench, int samples, CancellationToken cancellationToken)
    {
        await using var sandbox = await bench.Client.CreateSandboxAsync(cancellationToken: cancellationToken);
        await sandbox.Files.WriteAsync("/tmp/small", "content", cancellationToken: cancellationToken);
        using var raw = RawClient(bench, await TokenAsync(bench, sandbox, cancellationToken));
        var host = $"http://{new SandboxHost(Ports.Envd, sandbox.SandboxId).Under("moru.localhost")}";

        (string Name, Func<Task> Raw, Func<Task> Sdk)[] calls =
        [
            ("exec true",
                () => SendAsync(raw, HttpMethod.Post, $"{host}/process.Process/Start", ExecBody(), cancellationToken),
                () => sandbox.Commands.RunAsync("true", cancellationToken: cancellationToken)),
            ("read a small file",
                () => SendAsync(raw, HttpMethod.Get, $"{host}/files?path=%2Ftmp%2Fsmall", null, cancellationToken),
                () => sandbox.Files.ReadBytesAsync("/tmp/small", cancellationToken: cancellationToken)),
            ("look at a sandbox",
                () => SendAsync(raw, HttpMethod.Get, $"http://moru.localhost/sandboxes/{sandbox.SandboxId}", null, cancellationToken),
                () => sandbox.GetInfoAsync(cancellationToken)),
        ];
        foreach (var (name, rawCall, sdkCall) in calls)
        {
            await Comparisons.InTurnsAsync($"{name}, over the server's socket", ("HttpClient", rawCall), ("Moru SDK", sdkCall), samples, "SDK's p50 at most 0.5 ms more");
            var (less, more) = (await AllocatedAsync(rawCall, samples), await AllocatedAsync(sdkCall, samples));
            Console.WriteLine($"  allocated for each: {less / 1024:0.0} KiB, by the SDK {more / 1024:0.0} KiB; in both the server's part, which runs in this process\n");
        }

        await StreamAsync(sandbox, cancellationToken);
    }

    private static async Task StreamAsync(Sandbox sandbox, CancellationToken cancellationToken)
    {
        await sandbox.Files.WriteAsync("/tmp/large", new PatternStream(64 << 20), cancellationToken: cancellationToken);
        var before = ProcessMemory.ResidentMiB(Environment.ProcessId);
        var peak = before;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watching = WatchAsync();
        var up = await Rates.ThroughputAsync(Size, () => sandbox.Files.WriteAsync("/tmp/large", new PatternStream(Size), cancellationToken: cancellationToken));
        var down = await Rates.ThroughputAsync(Size, async () =>
        {
            await using var stream = await sandbox.Files.OpenReadAsync("/tmp/large", cancellationToken: cancellationToken);
            await stream.CopyToAsync(Stream.Null, cancellationToken);
        });
        await stop.CancelAsync();
        await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Console.WriteLine("1 GiB written and read as a stream");
        Console.WriteLine($"  {up:0} MiB/s up, {down:0} MiB/s down; resident memory grew by {peak - before:0.0} MiB, client and server together (target: less than 32)\n");

        async Task WatchAsync()
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
            while (await timer.WaitForNextTickAsync(stop.Token)) peak = Math.Max(peak, ProcessMemory.ResidentMiB(Environment.ProcessId));
        }
    }

    private static async Task<double> AllocatedAsync(Func<Task> call, int samples)
    {
        var before = GC.GetTotalAllocatedBytes(precise: true);
        for (var i = 0; i < samples; i++) await call();
        return (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)samples;
    }

    private static async Task SendAsync(HttpClient http, HttpMethod method, string url, HttpContent? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, url) { Content = body };
        using var response = (await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken)).EnsureSuccessStatusCode();
        await response.Content.CopyToAsync(Stream.Null, cancellationToken);
    }

    private static ByteArrayContent ExecBody()
    {
        var message = Encoding.UTF8.GetBytes("""{"process":{"cmd":"/bin/bash","args":["-l","-c","true"]},"stdin":false}""");
        var framed = new byte[Envelope.HeaderLength + message.Length];
        Envelope.WriteHeader(framed, 0, message.Length);
        message.CopyTo(framed, Envelope.HeaderLength);
        return new ByteArrayContent(framed) { Headers = { ContentType = new MediaTypeHeaderValue("application/connect+json") } };
    }

    private static async Task<string> TokenAsync(Setup bench, Sandbox sandbox, CancellationToken cancellationToken)
    {
        using var http = bench.Http();
        using var answer = JsonDocument.Parse(await http.GetStringAsync(new Uri($"/sandboxes/{sandbox.SandboxId}", UriKind.Relative), cancellationToken));
        return answer.RootElement.GetProperty("envdAccessToken").GetString()!;
    }

    private static HttpClient RawClient(Setup bench, string token) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectCallback = async (_, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(bench.Server.SocketPath), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    {
        DefaultRequestHeaders = { { Headers.ApiKey, bench.Server.ApiKey }, { Headers.AccessToken, token }, { Headers.ConnectProtocolVersion, "1" } },
    };
}
