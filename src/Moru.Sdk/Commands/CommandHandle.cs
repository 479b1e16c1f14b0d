using System.Text;
using Moru.Protocol;

namespace Moru;

/// <summary>
/// A command that runs in the background. Its output is read all the time, so that it never waits for a reader; what is kept of it
/// is bounded by <see cref="CommandOptions.OutputLimit"/>. <b>Disposing lets go of the command; it runs on.</b> Thread-safe.
/// </summary>
/// <example>
/// <code>
/// await using var server = await sandbox.Commands.StartAsync("python3 -m http.server", new() { Timeout = TimeSpan.Zero });
/// await foreach (var happened in server.EventsAsync())
///     if (happened is StderrEvent line) Console.Write(line.Text);
/// </code>
/// </example>
public sealed class CommandHandle : IAsyncDisposable
{
    private readonly SandboxConnection connection;
    private readonly string command;
    private readonly CommandOptions options;
    private readonly ProcessListener listener;
    private readonly CommandOutputs outputs;
    private readonly Task<ProcessEnded> end;

    private CommandHandle(SandboxConnection connection, string command, CommandOptions options, ProcessListener listener)
    {
        (this.connection, this.command, this.options, this.listener) = (connection, command, options, listener);
        outputs = new CommandOutputs(options);
        end = ListenAsync();
    }

    /// <summary>Process id inside the sandbox.</summary>
    public int Pid => listener.Pid;

    /// <summary>What is kept of the standard output so far.</summary>
    public string Stdout => outputs.Stdout;

    /// <summary>What is kept of the standard error so far.</summary>
    public string Stderr => outputs.Stderr;

    /// <summary>Waits for the command to end.</summary>
    /// <param name="cancellationToken">Stops waiting; the command runs on.</param>
    /// <returns>What the command wrote since the handle was made.</returns>
    /// <exception cref="CommandExitException">The exit code is not 0; the exception carries the result.</exception>
    /// <exception cref="SandboxTimeoutException">The command ran longer than <see cref="CommandOptions.Timeout"/> and has been killed, or the sandbox ended or was paused.</exception>
    /// <exception cref="SandboxException">The handle was disconnected, or the connection was lost for good.</exception>
    public async Task<CommandResult> WaitAsync(CancellationToken cancellationToken = default)
    {
        var result = outputs.Result(await end.WaitAsync(cancellationToken).ConfigureAwait(false), listener.Gaps);
        return result.ExitCode == 0 ? result : throw new CommandExitException(command, result);
    }

    /// <summary>
    /// What the command does: first what is kept of the time before, then everything as it comes, last an <see cref="ExitEvent"/>.
    /// A reader who is slow holds up the command. Any number of readers may follow.
    /// </summary>
    /// <param name="cancellationToken">Ends the enumeration; the command runs on.</param>
    /// <exception cref="SandboxException">While enumerating: as from <see cref="WaitAsync"/>, but a non-zero exit code is an event.</exception>
    public IAsyncEnumerable<CommandEvent> EventsAsync(CancellationToken cancellationToken = default) => outputs.ReadAsync(cancellationToken);

    /// <summary>Writes text to the standard input of the command.</summary>
    /// <exception cref="NotFoundException">The command has ended.</exception>
    /// <exception cref="SandboxException">The command has closed its input, or was started without one.</exception>
    public Task SendStdinAsync(string text, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        return SendStdinAsync(Encoding.UTF8.GetBytes(text), cancellationToken);
    }

    /// <summary>Writes bytes to the standard input of the command.</summary>
    /// <inheritdoc cref="SendStdinAsync(string, CancellationToken)"/>
    public Task SendStdinAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default) =>
        Processes.SendAsync(connection, listener.Selector, new ProcessInput { Stdin = data }, cancellationToken);

    /// <summary>Kills the command and everything it started.</summary>
    /// <returns>False when it had ended already.</returns>
    public Task<bool> KillAsync(CancellationToken cancellationToken = default) => Processes.KillAsync(connection, listener.Selector, cancellationToken);

    /// <summary>Lets go of the command; it runs on, and <see cref="SandboxCommands.ConnectAsync"/> takes hold of it again.</summary>
    public async Task DisconnectAsync()
    {
        await listener.DisposeAsync().ConfigureAwait(false);
        await ((Task)end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>As <see cref="DisconnectAsync"/>.</summary>
    public async ValueTask DisposeAsync() => await DisconnectAsync().ConfigureAwait(false);

    internal static async Task<CommandHandle> StartAsync(SandboxConnection connection, string command, CommandOptions options, CancellationToken cancellationToken)
    {
        var listener = await ProcessListener.OpenAsync(
            connection,
            token => connection.Envd.StartAsync(options.ToWire(command, stdin: true), options.User, options.Timeout, token),
            cancellationToken).ConfigureAwait(false);
        return new CommandHandle(connection, command, options, listener);
    }

    internal static async Task<CommandHandle> ConnectAsync(SandboxConnection connection, int pid, CommandOptions options, CancellationToken cancellationToken)
    {
        var listener = await ProcessListener.OpenAsync(
            connection, token => connection.Envd.ConnectAsync(new ProcessSelector { Pid = pid }, token), cancellationToken).ConfigureAwait(false);
        return new CommandHandle(connection, $"process {pid}", options with { Timeout = TimeSpan.Zero }, listener);
    }

    private async Task<ProcessEnded> ListenAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // callbacks never run inside the call that starts the command
        try
        {
            var ended = await listener.ToEndAsync(outputs.TakeAsync).ConfigureAwait(false);
            await outputs.EndAsync(ended, null, listener.Left).ConfigureAwait(false);
            return ended;
        }
        catch (Exception error)
        {
            var reason = Processes.WhyLost(connection, listener, options.Timeout, error);
            await outputs.EndAsync(null, reason, CancellationToken.None).ConfigureAwait(false);
            if (ReferenceEquals(reason, error)) throw;
            throw reason;
        }
    }
}
