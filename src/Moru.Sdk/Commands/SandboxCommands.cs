using System.Text;
using Moru.Protocol;

namespace Moru;

/// <summary>Commands inside a sandbox.</summary>
public sealed class SandboxCommands
{
    private readonly SandboxConnection connection;

    internal SandboxCommands(SandboxConnection connection) => this.connection = connection;

    /// <summary>Runs <paramref name="command"/> in bash and waits for it to exit.</summary>
    /// <param name="command">A bash command line, run as a login shell.</param>
    /// <param name="options">Working directory, user, environment and limits; null: the defaults of <see cref="CommandOptions"/>.</param>
    /// <param name="cancellationToken">Kills the command and everything it started.</param>
    /// <returns>What the command wrote.</returns>
    /// <exception cref="CommandExitException">The exit code is not 0; the exception carries the result.</exception>
    /// <exception cref="SandboxTimeoutException">
    /// The command ran longer than <see cref="CommandOptions.Timeout"/> and has been killed (what it wrote is in
    /// <see cref="SandboxTimeoutException.PartialResult"/>), or the sandbox ended.
    /// </exception>
    /// <exception cref="AuthenticationException">There is no such user in the sandbox.</exception>
    /// <exception cref="InvalidArgumentException">The working directory does not exist, or the sandbox has no bash.</exception>
    public async Task<CommandResult> RunAsync(string command, CommandOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(command);
        var run = new CommandRun(connection, command, options ?? new CommandOptions());
        try
        {
            var result = await run.ToEndAsync(cancellationToken).ConfigureAwait(false);
            return result.ExitCode == 0 ? result : throw new CommandExitException(command, result);
        }
        catch (Exception error) when (run.Translate(error) is { } translated)
        {
            throw translated;
        }
    }

    /// <summary>Starts <paramref name="command"/> in bash and returns when it runs; it goes on in the background.</summary>
    /// <param name="command">A bash command line, run as a login shell.</param>
    /// <param name="options">
    /// Working directory, user, environment and limits; null: the defaults of <see cref="CommandOptions"/>, of which the timeout of 60 s
    /// ends the command in the background too.
    /// </param>
    /// <param name="cancellationToken">Gives up waiting for the start. Later it has no effect: the command outlives the call.</param>
    /// <exception cref="AuthenticationException">There is no such user in the sandbox.</exception>
    /// <exception cref="InvalidArgumentException">The working directory does not exist, or the sandbox has no bash.</exception>
    public Task<CommandHandle> StartAsync(string command, CommandOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(command);
        return CommandHandle.StartAsync(connection, command, options ?? new CommandOptions(), cancellationToken);
    }

    /// <summary>Takes hold of a command that runs. What it wrote before is not replayed.</summary>
    /// <param name="pid">Its process id, as <see cref="ListAsync"/> shows it.</param>
    /// <param name="options">Callbacks and output limit; the rest was decided at its start. Null: none.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="NotFoundException">No such command runs.</exception>
    public Task<CommandHandle> ConnectAsync(int pid, CommandOptions? options = null, CancellationToken cancellationToken = default) =>
        CommandHandle.ConnectAsync(connection, pid, options ?? new CommandOptions(), cancellationToken);

    /// <summary>Lists the commands and terminals that run now.</summary>
    public async Task<IReadOnlyList<ProcessInfo>> ListAsync(CancellationToken cancellationToken = default)
    {
        var processes = await connection.ReadAsync(connection.Envd.ListProcessesAsync, cancellationToken).ConfigureAwait(false);
        return [.. processes.Select(ProcessInfo.From)];
    }

    /// <summary>Kills a command and everything it started.</summary>
    /// <param name="pid">Its process id, as <see cref="ListAsync"/> shows it.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>False when no such command runs.</returns>
    public Task<bool> KillAsync(int pid, CancellationToken cancellationToken = default) =>
        Processes.KillAsync(connection, new ProcessSelector { Pid = pid }, cancellationToken);

    /// <summary>Writes text to the standard input of a command that was started with <see cref="CommandOptions.Stdin"/>.</summary>
    /// <param name="pid">Its process id, as <see cref="ListAsync"/> shows it.</param>
    /// <param name="text">What to write.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="NotFoundException">No such command runs.</exception>
    /// <exception cref="SandboxException">The command has closed its input, or was started without one.</exception>
    public Task SendStdinAsync(int pid, string text, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        var input = new ProcessInput { Stdin = Encoding.UTF8.GetBytes(text) };
        return Processes.SendAsync(connection, new ProcessSelector { Pid = pid }, input, cancellationToken);
    }
}
