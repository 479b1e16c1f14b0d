using Moru.Protocol;

namespace Moru;

/// <summary>
/// A Linux machine of your own. <b>Disposing it kills it</b>; without disposing, it lives on until its timeout ends it.
/// Thread-safe.
/// </summary>
/// <example>
/// <code>
/// await using var sandbox = await Sandbox.CreateAsync();
/// var result = await sandbox.Commands.RunAsync("echo hello");
/// Console.WriteLine(result.Stdout);
/// </code>
/// </example>
public sealed partial class Sandbox : IAsyncDisposable
{
    private readonly MoruClient client;
    private readonly SandboxConnection connection;

    internal Sandbox(MoruClient client, string sandboxId, string domain, SandboxConnection connection)
    {
        this.client = client;
        this.connection = connection;
        SandboxId = sandboxId;
        SandboxDomain = domain;
        Files = new SandboxFiles(connection);
        Commands = new SandboxCommands(connection);
    }

    /// <summary>Identifier: <c>i</c> and 20 letters or digits.</summary>
    public string SandboxId { get; }

    /// <summary>Domain of the sandbox's host names.</summary>
    public string SandboxDomain { get; }

    /// <summary>Files inside the sandbox.</summary>
    public SandboxFiles Files { get; }

    /// <summary>Commands inside the sandbox.</summary>
    public SandboxCommands Commands { get; }

    /// <summary>Host name, without a scheme, under which a server on <paramref name="port"/> in the sandbox is reached.</summary>
    public string GetHost(int port)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(port, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, 65535);
        return new SandboxHost(port, SandboxId).Under(SandboxDomain);
    }

    /// <summary>Whether the sandbox answers.</summary>
    /// <returns>False when it was killed, its timeout ended it, or it is paused.</returns>
    /// <exception cref="ServerUnreachableException">No server answers, so nothing is known of the sandbox.</exception>
    public async Task<bool> IsRunningAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await connection.CallAsync(
                async token =>
                {
                    await connection.Envd.HealthAsync(token).ConfigureAwait(false);
                    return true;
                },
                cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (SandboxTimeoutException error) when (error.InnerException is ConnectException { HttpStatus: 502 })
        {
            return false;
        }
    }

    /// <summary>Reads what the server knows of this sandbox.</summary>
    /// <exception cref="NotFoundException">The sandbox has ended.</exception>
    public Task<SandboxInfo> GetInfoAsync(CancellationToken cancellationToken = default) =>
        client.GetSandboxInfoAsync(SandboxId, cancellationToken);

    /// <summary>Sets how long this sandbox lives from now on; this may shorten or extend its life.</summary>
    /// <exception cref="NotFoundException">The sandbox has ended.</exception>
    public Task SetTimeoutAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        client.SetSandboxTimeoutAsync(SandboxId, timeout, cancellationToken);

    /// <summary>Ends this sandbox for good.</summary>
    /// <returns>False when it had ended already.</returns>
    public Task<bool> KillAsync(CancellationToken cancellationToken = default) =>
        client.KillSandboxAsync(SandboxId, cancellationToken);

    /// <summary>Kills the sandbox. A server that does not answer is no error here: the sandbox's timeout will end it.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await KillAsync().ConfigureAwait(false);
        }
        catch (SandboxException)
        {
            // Dispose must not hide the exception that is already on its way; the timeout ends what is left.
        }
    }
}
