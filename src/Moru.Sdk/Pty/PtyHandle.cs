using System.Text;
using System.Threading.Channels;
using Moru.Protocol;

namespace Moru;

/// <summary>
/// An open terminal. <b>Disposing lets go of it; it stays open</b> until its shell or command ends, it is killed, or its timeout is over.
/// Thread-safe.
/// </summary>
/// <example>
/// <code>
/// await using var terminal = await sandbox.Pty.CreateAsync(new() { OnData = data => Console.Write(Encoding.UTF8.GetString(data.Span)) });
/// await terminal.SendInputAsync("ls -la\nexit\n");
/// await terminal.WaitAsync();
/// </code>
/// </example>
public sealed class PtyHandle : IAsyncDisposable
{
    // Of at most 16 KiB each. When nobody takes them and there is no callback either, the terminal waits as a real one does.
    private const int MaxWaiting = 64;

    private readonly SandboxConnection connection;
    private readonly PtyOptions options;
    private readonly ProcessListener listener;
    private readonly Channel<ReadOnlyMemory<byte>> output = Channel.CreateBounded<ReadOnlyMemory<byte>>(MaxWaiting);
    private readonly Task<ProcessEnded> end;

    private PtyHandle(SandboxConnection connection, PtyOptions options, ProcessListener listener)
    {
        (this.connection, this.options, this.listener) = (connection, options, listener);
        end = ListenAsync();
    }

    /// <summary>Process id inside the sandbox.</summary>
    public int Pid => listener.Pid;

    /// <summary>
    /// What the terminal shows, piece by piece, until it closes; for terminals without <see cref="PtyOptions.OnData"/>. A terminal whose
    /// output nobody takes waits. Every piece goes to one reader.
    /// </summary>
    /// <param name="cancellationToken">Ends the enumeration; the terminal stays open.</param>
    /// <exception cref="InvalidOperationException">The terminal has a callback, which gets everything.</exception>
    public IAsyncEnumerable<ReadOnlyMemory<byte>> OutputAsync(CancellationToken cancellationToken = default) => options.OnData is null
        ? output.Reader.ReadAllAsync(cancellationToken)
        : throw new InvalidOperationException("This terminal was opened with OnData, which gets its output; open it without to enumerate.");

    /// <summary>Waits for the terminal to close.</summary>
    /// <param name="cancellationToken">Stops waiting; the terminal stays open.</param>
    /// <returns>The exit code of its shell or command; -1 when a signal ended it.</returns>
    /// <exception cref="SandboxTimeoutException">It was open longer than <see cref="PtyOptions.Timeout"/> and has been killed, or the sandbox ended or was paused.</exception>
    /// <exception cref="SandboxException">The handle was disconnected, or the connection was lost for good.</exception>
    public async Task<int> WaitAsync(CancellationToken cancellationToken = default) => (await end.WaitAsync(cancellationToken).ConfigureAwait(false)).ExitCode;

    /// <summary>Types text; <c>\n</c> is the Enter key, <c>\u0003</c> is Ctrl+C.</summary>
    /// <exception cref="NotFoundException">The terminal has closed.</exception>
    public Task SendInputAsync(string text, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        return SendInputAsync(Encoding.UTF8.GetBytes(text), cancellationToken);
    }

    /// <summary>Types bytes, as a keyboard would send them.</summary>
    /// <exception cref="NotFoundException">The terminal has closed.</exception>
    public Task SendInputAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default) =>
        Processes.SendAsync(connection, listener.Selector, new ProcessInput { Pty = data }, cancellationToken);

    /// <summary>Gives the terminal a new size, which its programs are told.</summary>
    /// <param name="cols">Width in characters.</param>
    /// <param name="rows">Height in lines.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="NotFoundException">The terminal has closed.</exception>
    public Task ResizeAsync(int cols, int rows, CancellationToken cancellationToken = default)
    {
        var size = PtyOptions.Size(cols, rows);
        return connection.CallAsync(token => connection.Envd.ResizeAsync(listener.Selector, size, token), cancellationToken);
    }

    /// <summary>Kills the terminal and everything in it.</summary>
    /// <returns>False when it had closed already.</returns>
    public Task<bool> KillAsync(CancellationToken cancellationToken = default) => Processes.KillAsync(connection, listener.Selector, cancellationToken);

    /// <summary>Lets go of the terminal; it stays open, and <see cref="SandboxPty.ConnectAsync"/> takes hold of it again.</summary>
    public async Task DisconnectAsync()
    {
        await listener.DisposeAsync().ConfigureAwait(false);
        await ((Task)end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>As <see cref="DisconnectAsync"/>.</summary>
    public async ValueTask DisposeAsync() => await DisconnectAsync().ConfigureAwait(false);

    internal static async Task<PtyHandle> OpenAsync(
        SandboxConnection connection, Func<CancellationToken, IAsyncEnumerable<ProcessEvent>> open, PtyOptions options, CancellationToken cancellationToken) =>
        new(connection, options, await ProcessListener.OpenAsync(connection, open, cancellationToken).ConfigureAwait(false));

    private async Task<ProcessEnded> ListenAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // callbacks never run inside the call that opens the terminal
        Exception? reason = null;
        try
        {
            return await listener.ToEndAsync(ShowAsync).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            reason = Processes.WhyLost(connection, listener, options.Timeout, error);
            if (ReferenceEquals(reason, error)) throw;
            throw reason;
        }
        finally
        {
            output.Writer.TryComplete(reason);
        }
    }

    private ValueTask ShowAsync(ProcessData data, CancellationToken cancellationToken)
    {
        if (data.Pty is not { } shown) return default;
        if (options.OnData is null) return output.Writer.WriteAsync(shown, cancellationToken);
        options.OnData(shown);
        return default;
    }
}
