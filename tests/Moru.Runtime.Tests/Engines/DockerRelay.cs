using System.Net;
using System.Net.Sockets;

namespace Moru.Runtime.Tests;

/// <summary>A way to the real engine that can be cut and mended, since nobody may stop the engine itself.</summary>
internal sealed class DockerRelay : IAsyncDisposable
{
    private readonly int port;
    private CancellationTokenSource cut = new();
    private Task accepting;

    public DockerRelay()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        port = ((IPEndPoint)listener.LocalEndpoint).Port;
        accepting = AcceptAsync(listener, cut.Token);
    }

    public string Endpoint => $"tcp://127.0.0.1:{port}";

    public async Task CutAsync()
    {
        await cut.CancelAsync();
        await accepting;
    }

    public void Mend()
    {
        var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
        cut.Dispose();
        cut = new CancellationTokenSource();
        accepting = AcceptAsync(listener, cut.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await CutAsync();
        cut.Dispose();
    }

    private static async Task AcceptAsync(TcpListener listener, CancellationToken cancellationToken)
    {
        var pipes = new List<Task>();
        try
        {
            while (true) pipes.Add(PipeAsync(await listener.AcceptSocketAsync(cancellationToken), cancellationToken));
        }
        catch (OperationCanceledException)
        {
            listener.Dispose();
            await Task.WhenAll(pipes);
        }
    }

    private static async Task PipeAsync(Socket client, CancellationToken cancellationToken)
    {
        using var engine = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await engine.ConnectAsync(new UnixDomainSocketEndPoint(new Uri(DockerBox.Endpoint).AbsolutePath), cancellationToken);
            await using var left = new NetworkStream(client, ownsSocket: true);
            await using var right = new NetworkStream(engine);
            // Docker closes when it is done, the client when it is disposed.
            await Task.WhenAny(left.CopyToAsync(right, cancellationToken), right.CopyToAsync(left, cancellationToken));
        }
        catch (Exception broken) when (broken is IOException or SocketException or OperationCanceledException)
        {
            client.Dispose();
        }
    }
}
