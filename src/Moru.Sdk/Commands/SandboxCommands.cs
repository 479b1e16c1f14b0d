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

    /// <summary>Lists the commands that run now.</summary>
    public async Task<IReadOnlyList<ProcessInfo>> ListAsync(CancellationToken cancellationToken = default) =>
        await connection.CallAsync(connection.Envd.ListProcessesAsync, cancellationToken).ConfigureAwait(false);

    /// <summary>Kills a command and everything it started.</summary>
    /// <param name="pid">Its process id, as <see cref="ListAsync"/> shows it.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>False when no such command runs.</returns>
    public async Task<bool> KillAsync(int pid, CancellationToken cancellationToken = default)
    {
        try
        {
            return await connection.CallAsync(
                async token =>
                {
                    await connection.Envd.SendSignalAsync(new ProcessSelector { Pid = pid }, Signal.Kill, token).ConfigureAwait(false);
                    return true;
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (NotFoundException)
        {
            return false;
        }
    }
}
