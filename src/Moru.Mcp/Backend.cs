using System.Diagnostics;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Moru.Runtime;
using Moru.Server;

namespace Moru.Mcp;

/// <summary>
/// The Moru server behind this process: a remote one when <c>MORU_API_URL</c> names it, else the one that owns the data directory, else
/// one started here. A connection that fails begins again at the top, so that this process carries on when the owner it used goes away.
/// </summary>
internal sealed class Backend(Settings settings, ILoggerFactory logs) : IAsyncDisposable
{
    // Between taking the data directory and answering, another starter opens its store and asks the engine what runs.
    private static readonly TimeSpan OtherStarterPatience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(50);

    private readonly SemaphoreSlim gate = new(1, 1);
    private MoruServer? owned;

    /// <summary>Makes a client once a server answers.</summary>
    /// <exception cref="SandboxException">There is none and none could be started; the message says why.</exception>
    public async Task<MoruClient> ConnectAsync(CancellationToken cancellationToken)
    {
        if (settings.Remote is { } remote) return new MoruClient(remote);
        await (await OpenAsync(cancellationToken)).DisposeAsync();
        var key = (await File.ReadAllTextAsync(settings.ApiKeyPath, cancellationToken)).Trim();
        return new MoruClient(new MoruOptions { ApiKey = key, Connect = OpenAsync });
    }

    /// <summary>Leaves sandboxes running, also when the server is ours.</summary>
    public async ValueTask DisposeAsync()
    {
        if (owned is not null) await owned.DisposeAsync();
        gate.Dispose();
    }

    private async ValueTask<Stream> OpenAsync(CancellationToken cancellationToken)
    {
        if (await AttachOrDefaultAsync(cancellationToken) is { } answering) return answering;

        await gate.WaitAsync(cancellationToken);
        try
        {
            var started = Stopwatch.GetTimestamp();
            while (true)
            {
                if (await AttachOrDefaultAsync(cancellationToken) is { } stream) return stream;
                if (await TryOwnAsync(cancellationToken)) continue;
                if (Stopwatch.GetElapsedTime(started) > OtherStarterPatience)
                    throw new ServerUnreachableException("Another process owns the data directory but its server does not answer. End that process, or choose another directory with --data-dir or MORU_DATA_DIR.");
                await Task.Delay(RetryInterval, cancellationToken);
            }
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task<Stream?> AttachOrDefaultAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(settings.SocketPath), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException)
        {
            socket.Dispose(); // no server: the file is missing or was left behind
            return null;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Starts a server here; false when another process owns the data directory.</summary>
    private async Task<bool> TryOwnAsync(CancellationToken cancellationToken)
    {
        if (owned is { } stopped) await stopped.DisposeAsync();
        owned = null;
        try
        {
            owned = await LocalServer.StartAsync(settings, http: null, logs, cancellationToken);
            return true;
        }
        catch (RuntimeException error) when (error.Error == RuntimeError.DataDirectoryInUse)
        {
            return false;
        }
        catch (RuntimeException error)
        {
            throw new ServerUnreachableException($"The Moru server could not start: {error.Message}", error);
        }
    }
}
