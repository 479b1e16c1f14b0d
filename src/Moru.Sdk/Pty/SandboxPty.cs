using Moru.Protocol;

namespace Moru;

/// <summary>Terminals inside a sandbox.</summary>
public sealed class SandboxPty
{
    private readonly SandboxConnection connection;

    internal SandboxPty(SandboxConnection connection) => this.connection = connection;

    /// <summary>Opens a terminal with an interactive login shell.</summary>
    /// <param name="options">Size, callback, user, environment and limits; null: the defaults of <see cref="PtyOptions"/>.</param>
    /// <param name="cancellationToken">Gives up waiting for the start. Later it has no effect: the terminal outlives the call.</param>
    /// <exception cref="AuthenticationException">There is no such user in the sandbox.</exception>
    /// <exception cref="InvalidArgumentException">The working directory does not exist, or the sandbox has no bash.</exception>
    public Task<PtyHandle> CreateAsync(PtyOptions? options = null, CancellationToken cancellationToken = default) =>
        OpenAsync(["-i", "-l"], options ?? new PtyOptions(), cancellationToken);

    /// <summary>Opens a terminal in which <paramref name="command"/> runs; it ends with the command.</summary>
    /// <param name="command">A bash command line, run as a login shell.</param>
    /// <inheritdoc cref="CreateAsync"/>
    /// <param name="options">Size, callback, user, environment and limits; null: the defaults of <see cref="PtyOptions"/>.</param>
    /// <param name="cancellationToken">Gives up waiting for the start. Later it has no effect: the terminal outlives the call.</param>
    public Task<PtyHandle> StartAsync(string command, PtyOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(command);
        return OpenAsync(["-l", "-c", command], options ?? new PtyOptions(), cancellationToken);
    }

    /// <summary>Takes hold of a terminal that is open. What it showed before is not replayed.</summary>
    /// <param name="pid">Its process id, as <see cref="SandboxCommands.ListAsync"/> shows it.</param>
    /// <param name="onData">Called with what it shows from now on; null: none.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="NotFoundException">There is no such terminal.</exception>
    public Task<PtyHandle> ConnectAsync(int pid, Action<ReadOnlyMemory<byte>>? onData = null, CancellationToken cancellationToken = default) =>
        PtyHandle.OpenAsync(
            connection,
            token => connection.Envd.ConnectAsync(new ProcessSelector { Pid = pid }, token),
            new PtyOptions { OnData = onData, Timeout = TimeSpan.Zero },
            cancellationToken);

    /// <summary>Kills a terminal and everything in it.</summary>
    /// <param name="pid">Its process id, as <see cref="SandboxCommands.ListAsync"/> shows it.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>False when there is no such terminal.</returns>
    public Task<bool> KillAsync(int pid, CancellationToken cancellationToken = default) =>
        Processes.KillAsync(connection, new ProcessSelector { Pid = pid }, cancellationToken);

    private Task<PtyHandle> OpenAsync(string[] arguments, PtyOptions options, CancellationToken cancellationToken)
    {
        var start = new StartRequest
        {
            Process = new ProcessConfig { Cmd = "/bin/bash", Args = arguments, Envs = options.Environment(), Cwd = options.Cwd },
            Pty = new Pty(PtyOptions.Size(options.Cols, options.Rows)),
        };
        return PtyHandle.OpenAsync(connection, token => connection.Envd.StartAsync(start, options.User, options.Timeout, token), options, cancellationToken);
    }
}
