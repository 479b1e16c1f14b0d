using System.Runtime.CompilerServices;
using Moru.Protocol;

namespace Moru;

/// <summary>
/// A directory that is watched. Changes wait in the sandbox until they are taken, up to a limit that is far beyond what a busy reader
/// leaves behind; past it <see cref="WatchOverflowException"/> says so. Disposing stops.
/// </summary>
/// <example>
/// <code>
/// await using var watch = await sandbox.Files.WatchDirAsync("/home/user");
/// await foreach (var change in watch.EventsAsync()) Console.WriteLine($"{change.Type}: {change.Name}");
/// </code>
/// </example>
public sealed class WatchHandle : IAsyncDisposable
{
    private readonly SandboxConnection connection;
    private readonly string path;
    private readonly CancellationTokenSource stop;
    private readonly IAsyncEnumerator<WatchDirResponse> messages;
    private readonly Task callbacks = Task.CompletedTask;
    private readonly SemaphoreSlim moving = new(1, 1);
    private int taken;

    private WatchHandle(SandboxConnection connection, string path, WatchOptions options, CancellationTokenSource stop, IAsyncEnumerator<WatchDirResponse> messages)
    {
        (this.connection, this.path, this.stop, this.messages) = (connection, path, stop, messages);
        if (options.OnEvent is null) return;
        taken = 1;
        callbacks = CallBackAsync(options.OnEvent, options.OnExit);
    }

    /// <summary>The changes since the handle was made, as they come, until <see cref="StopAsync"/>. They can be enumerated once.</summary>
    /// <param name="cancellationToken">Ends the enumeration, and the watching with it.</param>
    /// <exception cref="InvalidOperationException">They were enumerated before, or go to <see cref="WatchOptions.OnEvent"/>.</exception>
    /// <exception cref="WatchOverflowException">While enumerating: changes were lost.</exception>
    /// <exception cref="SandboxTimeoutException">While enumerating: the sandbox ended or was paused.</exception>
    public IAsyncEnumerable<FilesystemEvent> EventsAsync(CancellationToken cancellationToken = default) => Interlocked.Exchange(ref taken, 1) == 0
        ? ReadAsync(cancellationToken)
        : throw new InvalidOperationException("The changes of a watch go to one reader, and this one has a reader or a callback; watch the directory once more.");

    /// <summary>Stops watching. Enumerations end and callbacks come no more.</summary>
    public async Task StopAsync()
    {
        await stop.CancelAsync().ConfigureAwait(false);
        await callbacks.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await moving.WaitAsync().ConfigureAwait(false); // an enumerator must not be disposed while it moves
        try
        {
            await messages.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            moving.Release();
        }
    }

    /// <summary>As <see cref="StopAsync"/>.</summary>
    public async ValueTask DisposeAsync() => await StopAsync().ConfigureAwait(false);

    internal static async Task<WatchHandle> OpenAsync(SandboxConnection connection, string path, WatchOptions options, CancellationToken cancellationToken)
    {
        var stop = new CancellationTokenSource();
        var messages = connection.Envd.WatchDirectoryAsync(new WatchDirRequest(path, options.Recursive), options.User, stop.Token).GetAsyncEnumerator(CancellationToken.None);
        try
        {
            using (cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), stop))
            {
                await connection.CallAsync(
                    async token =>
                    {
                        using var late = token.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), stop);
                        while (await messages.MoveNextAsync().ConfigureAwait(false))
                            if (messages.Current.Start is not null) return true;
                        throw new ConnectException(ConnectCode.Internal, "the agent did not say that it watches");
                    },
                    connection.RequestTimeout,
                    cancellationToken).ConfigureAwait(false);
            }

            return new WatchHandle(connection, path, options, stop, messages);
        }
        catch
        {
            await messages.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async IAsyncEnumerable<FilesystemEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var giveUp = cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), stop);
        while (await NextAsync(cancellationToken).ConfigureAwait(false) is { } message)
            if (message.Filesystem is { } change) yield return FilesystemEvent.From(change);
    }

    private async Task<WatchDirResponse?> NextAsync(CancellationToken cancellationToken)
    {
        await moving.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return !stop.IsCancellationRequested && await messages.MoveNextAsync().ConfigureAwait(false) ? messages.Current : null;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return null;
        }
        catch (ConnectException error) when (error.Code is ConnectCode.ResourceExhausted)
        {
            throw new WatchOverflowException($"Watching '{path}' in sandbox '{connection.SandboxId}': {error.Message}.", error);
        }
        catch (Exception error) when (connection.Translate(error) is { } translated)
        {
            throw translated;
        }
        finally
        {
            moving.Release();
        }
    }

    private async Task CallBackAsync(Action<FilesystemEvent> onEvent, Action<SandboxException?>? onExit)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // callbacks never run inside the call that starts to watch
        SandboxException? reason = null;
        try
        {
            await foreach (var change in ReadAsync(CancellationToken.None).ConfigureAwait(false)) onEvent(change);
        }
        catch (SandboxException error)
        {
            reason = error;
        }

        onExit?.Invoke(reason);
    }
}
