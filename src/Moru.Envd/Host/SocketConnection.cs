using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Moru.Envd;

/// <summary>One connection: bytes go from the socket to a pipe that Kestrel reads, and from a pipe that Kestrel writes to the socket.</summary>
internal sealed class SocketConnection : DefaultConnectionContext
{
    private const int InputBlock = 128 << 10, OutputBlock = 64 << 10, LeastFree = 4 << 10;

    private readonly Socket _socket;
    private readonly CancellationTokenSource _closed = new();
    private readonly Pipe _input = PipeOf(InputBlock), _output = PipeOf(OutputBlock);
    private Task _loops = Task.CompletedTask;

    private SocketConnection(Socket socket)
    {
        _socket = socket;
        _socket.NoDelay = true;
        LocalEndPoint = socket.LocalEndPoint;
        RemoteEndPoint = socket.RemoteEndPoint;
        ConnectionClosed = _closed.Token;
        Transport = new Duplex(_input.Reader, _output.Writer);
    }

    // Room for four blocks, so that one side works while the other waits.
    private static Pipe PipeOf(int block) =>
        new(new PipeOptions(pauseWriterThreshold: 4 * block, resumeWriterThreshold: 2 * block, minimumSegmentSize: block, useSynchronizationContext: false));

    public static SocketConnection Start(Socket socket)
    {
        var connection = new SocketConnection(socket);
        connection._loops = Task.WhenAll(connection.ReceiveAsync(), connection.SendAsync());
        return connection;
    }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        try
        {
            // Without a goodbye: what was promised to the client does not come.
            _socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // It is closed already.
        }

        _socket.Dispose();
    }

    public override async ValueTask DisposeAsync()
    {
        await _input.Reader.CompleteAsync();
        await _output.Writer.CompleteAsync();
        await _loops;
        _socket.Dispose();
        _closed.Dispose();
        await base.DisposeAsync();
    }

    private async Task ReceiveAsync()
    {
        Exception? failure = null;
        try
        {
            for (var flows = false; ;)
            {
                // An idle connection holds no block.
                if (!flows) await _socket.ReceiveAsync(Memory<byte>.Empty);
                var block = _input.Writer.GetMemory(LeastFree);
                var count = await _socket.ReceiveAsync(block);
                if (count == 0) break;
                flows = count == block.Length;
                _input.Writer.Advance(count);
                if ((await _input.Writer.FlushAsync()).IsCompleted) break;
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            failure = new ConnectionResetException(exception.Message, exception);
        }

        await _input.Writer.CompleteAsync(failure);
        await _closed.CancelAsync();
    }

    private async Task SendAsync()
    {
        try
        {
            while (true)
            {
                var read = await _output.Reader.ReadAsync();
                foreach (var block in read.Buffer)
                {
                    for (var rest = block; rest.Length > 0;) rest = rest[await _socket.SendAsync(rest)..];
                }

                _output.Reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted) break;
            }

            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The client is gone; Kestrel sees it at its next write.
        }

        await _output.Reader.CompleteAsync();
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
