using System.Diagnostics;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Moru.Protocol;
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
    private static readonly TimeSpan BusyPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(50);

    private readonly SemaphoreSlim gate = new(1, 1);
    private MoruServer? owned;

    /// <summary>Makes a client once a server answers.</summary>
    /// <exception cref="SandboxException">There is none and none could be started; the message says why.</exception>
    public async Task<MoruClient> ConnectAsync(CancellationToken cancellationToken)
    {
        if (settings.Remote is { } remote) return new MoruClient(remote);
        return new MoruClient(new MoruOptions { ApiKey = await LocalKeyAsync(cancellationToken), Connect = OpenAsync });
    }

    /// <summary>Makes a client that works with a key of somebody else's.</summary>
    /// <exception cref="SandboxException">There is no server and none could be started; the message says why.</exception>
    public async Task<MoruClient> ConnectAsync(string apiKey, CancellationToken cancellationToken)
    {
        if (settings.Remote is { } remote) return new MoruClient(remote with { ApiKey = apiKey, AccessToken = null });
        await FindAsync(cancellationToken);
        return new MoruClient(new MoruOptions { ApiKey = apiKey, Connect = OpenAsync });
    }

    /// <summary>Finds or starts the server of this machine now instead of with the first request; a remote one is not asked.</summary>
    /// <exception cref="SandboxException">None could be started; the message says why.</exception>
    public async Task FindAsync(CancellationToken cancellationToken)
    {
        if (settings.Remote is null) await (await OpenAsync(cancellationToken)).DisposeAsync();
    }

    /// <summary>Leads to the endpoints that administer the server, with the administrator's token or with a team's key.</summary>
    /// <exception cref="SandboxException">There is no server and none could be started, or a credential is missing.</exception>
    public async Task<ControlPlane> AdministerAsync(bool asAdmin, CancellationToken cancellationToken)
    {
        if (asAdmin && settings.AdminToken is null)
            throw new SandboxException("This needs MORU_ADMIN_TOKEN, with the same value here and where the server was started.");
        var handler = new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false };
        var url = settings.Remote?.ApiUrl ?? new Uri("unix:" + settings.SocketPath);
        if (settings.Remote is null) handler.ConnectCallback = (_, cancel) => OpenAsync(cancel);
        else if (url.Scheme == "unix") handler.ConnectCallback = async (_, cancel) => await AttachOrDefaultAsync(url.LocalPath, cancel) ?? throw new IOException("no server listens on the socket");
        if (url.Scheme == "unix") url = new Uri("http://moru.localhost");

        if (asAdmin) return new ControlPlane(handler, url, Headers.AdminToken, settings.AdminToken);
        return new ControlPlane(handler, url, Headers.ApiKey, settings.Remote is { } remote ? remote.ApiKey : await LocalKeyAsync(cancellationToken));
    }

    /// <summary>Leaves sandboxes running, also when the server is ours.</summary>
    public async ValueTask DisposeAsync()
    {
        if (owned is not null) await owned.DisposeAsync();
        gate.Dispose();
    }

    /// <summary>Once a server answers, since its first start makes the key.</summary>
    private async Task<string> LocalKeyAsync(CancellationToken cancellationToken)
    {
        await (await OpenAsync(cancellationToken)).DisposeAsync();
        return (await File.ReadAllTextAsync(settings.ApiKeyPath, cancellationToken)).Trim();
    }

    private async ValueTask<Stream> OpenAsync(CancellationToken cancellationToken)
    {
        if (await AttachOrDefaultAsync(settings.SocketPath, cancellationToken) is { } answering) return answering;

        await gate.WaitAsync(cancellationToken);
        try
        {
            var started = Stopwatch.GetTimestamp();
            while (true)
            {
                if (await AttachOrDefaultAsync(settings.SocketPath, cancellationToken) is { } stream) return stream;
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

    /// <returns>Null when no server listens: the file is missing, was left behind or cannot be. One that cannot take the connection now is waited for.</returns>
    private static async Task<Stream?> AttachOrDefaultAsync(string path, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException error)
            {
                socket.Dispose();
                if (error.SocketErrorCode is not (SocketError.WouldBlock or SocketError.TryAgain or SocketError.NoBufferSpaceAvailable)) return null;
                if (Stopwatch.GetElapsedTime(started) > BusyPatience)
                    throw new ServerUnreachableException("The Moru server has more connections than it can take. Try again in a moment.", error);
            }
            catch
            {
                socket.Dispose();
                throw;
            }

            await Task.Delay(RetryInterval, cancellationToken);
        }
    }

    /// <summary>Starts a server here; false when another process owns the data directory.</summary>
    private async Task<bool> TryOwnAsync(CancellationToken cancellationToken)
    {
        if (owned is { } stopped) await stopped.DisposeAsync();
        owned = null;
        try
        {
            owned = await LocalServer.StartAsync(settings, logs, cancellationToken);
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
