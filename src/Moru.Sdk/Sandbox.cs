using System.Globalization;
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
    private readonly SandboxAccess access;
    private readonly SandboxConnection connection;

    internal Sandbox(MoruClient client, SandboxAccess access)
    {
        this.client = client;
        this.access = access;
        connection = client.ConnectionTo(access);
        Files = new SandboxFiles(connection);
        Commands = new SandboxCommands(connection);
        Pty = new SandboxPty(connection);
    }

    /// <summary>Identifier: <c>i</c> and 20 letters or digits.</summary>
    public string SandboxId => access.SandboxId;

    /// <summary>Domain of the sandbox's host names.</summary>
    public string SandboxDomain => client.DomainOf(access);

    /// <summary>
    /// What requests to the sandbox's ports must carry in the header <c>moru-traffic-access-token</c>; null unless it was made with
    /// <see cref="NetworkOptions.AllowPublicTraffic"/> false.
    /// </summary>
    public string? TrafficAccessToken => access.TrafficAccessToken;

    /// <summary>Files inside the sandbox.</summary>
    public SandboxFiles Files { get; }

    /// <summary>Commands inside the sandbox.</summary>
    public SandboxCommands Commands { get; }

    /// <summary>Terminals inside the sandbox.</summary>
    public SandboxPty Pty { get; }

    /// <summary>The same sandbox with other settings for the requests made through it, for example a longer request timeout.</summary>
    /// <remarks>Costs next to nothing, so it may be made for a single call. It needs no disposal of its own: disposing it would kill the sandbox.</remarks>
    public Sandbox With(RequestOptions request) => new(client.With(request), access);

    /// <summary>Host name, without a scheme, under which a server on <paramref name="port"/> in the sandbox is reached.</summary>
    public string GetHost(int port)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(port, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, 65535);
        return client.HostOf(access, port);
    }

    /// <summary>URL of a server on <paramref name="port"/> in the sandbox: what <see cref="GetHost"/> names, with the scheme that the server there speaks.</summary>
    /// <returns>With a Moru server of one's own, plain HTTP on this machine or HTTPS under its domain; otherwise HTTPS.</returns>
    public Uri GetUrl(int port)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(port, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, 65535);
        return client.UrlOf(access, port);
    }

    /// <summary>URL to which anyone may send one file as a multipart form with <c>POST</c>, without credentials.</summary>
    /// <param name="path">Path of the file; null: the file names in the form are the paths.</param>
    /// <param name="user">User who gets the file; default: the template's user.</param>
    /// <param name="expiration">How long the URL holds, to the second; default: as long as the sandbox.</param>
    /// <exception cref="InvalidArgumentException">An expiration for a sandbox that is not <see cref="SandboxOptions.Secure"/>: nothing guards it.</exception>
    public Uri UploadUrl(string? path = null, string? user = null, TimeSpan? expiration = null) => SignedUrl(path ?? "", FileOperation.Write, user, expiration);

    /// <summary>URL from which anyone may read one file with <c>GET</c>, without credentials.</summary>
    /// <param name="path">Path of the file.</param>
    /// <param name="user">User whose home relative paths start from; default: the template's user.</param>
    /// <param name="expiration">How long the URL holds, to the second; default: as long as the sandbox.</param>
    /// <exception cref="InvalidArgumentException">An expiration for a sandbox that is not <see cref="SandboxOptions.Secure"/>: nothing guards it.</exception>
    public Uri DownloadUrl(string path, string? user = null, TimeSpan? expiration = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return SignedUrl(path, FileOperation.Read, user, expiration);
    }

    /// <summary>Whether the sandbox answers.</summary>
    /// <returns>False when it was killed, its timeout ended it, or it is paused.</returns>
    /// <exception cref="ServerUnreachableException">No server answers, so nothing is known of the sandbox.</exception>
    public async Task<bool> IsRunningAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await connection.CallAsync(connection.Envd.HealthAsync, cancellationToken).ConfigureAwait(false);
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

    /// <summary>Reads what the sandbox used of its processors, memory and disk, oldest first.</summary>
    /// <param name="start">Only from then on, to the second; null: from its beginning.</param>
    /// <param name="end">Only until then, to the second; null: until now.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The samples; none at first, since they are taken every few seconds.</returns>
    /// <exception cref="NotFoundException">The sandbox has ended.</exception>
    public Task<IReadOnlyList<SandboxMetrics>> GetMetricsAsync(
        DateTimeOffset? start = null, DateTimeOffset? end = null, CancellationToken cancellationToken = default) =>
        client.GetSandboxMetricsAsync(SandboxId, start, end, cancellationToken);

    /// <summary>Reads what the processes of the sandbox did and printed, oldest first.</summary>
    /// <param name="start">The first entries from then on, to the millisecond; null: the newest there are.</param>
    /// <param name="limit">How many at most, 1 to 100; default 100.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Starts, ends and pieces of output; <see cref="Protocol.LogEvents"/> are their kinds.</returns>
    public Task<IReadOnlyList<Protocol.SandboxLogEntry>> GetLogsAsync(
        DateTimeOffset? start = null, int limit = MoruClient.MaxLogEntries, CancellationToken cancellationToken = default) =>
        client.GetSandboxLogsAsync(SandboxId, start, limit, cancellationToken);

    /// <summary>Pauses this sandbox: it keeps files, memory and processes, and does nothing until <see cref="ConnectAsync(TimeSpan?, CancellationToken)"/>.</summary>
    /// <returns>False when it was paused already.</returns>
    /// <exception cref="NotFoundException">The sandbox has ended.</exception>
    public Task<bool> PauseAsync(CancellationToken cancellationToken = default) => client.PauseSandboxAsync(SandboxId, cancellationToken);

    /// <summary>Resumes this sandbox when it is paused, and extends its life.</summary>
    /// <param name="timeout">Extends its life to at least this from now; never shortens it. Default 300 s.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The same sandbox with all that is told of one that runs, such as its host names.</returns>
    /// <exception cref="NotFoundException">The sandbox has ended.</exception>
    public Task<Sandbox> ConnectAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        client.ConnectSandboxAsync(SandboxId, timeout, cancellationToken);

    /// <summary>Sets how long this sandbox lives from now on; this may shorten or extend its life.</summary>
    /// <exception cref="NotFoundException">The sandbox has ended.</exception>
    public Task SetTimeoutAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        client.SetSandboxTimeoutAsync(SandboxId, timeout, cancellationToken);

    /// <summary>Changes what this sandbox may reach, at once and for connections that are open too. Works with self-hosted servers.</summary>
    /// <param name="allowOut">As <see cref="NetworkOptions.AllowOut"/>; null: none.</param>
    /// <param name="denyOut">As <see cref="NetworkOptions.DenyOut"/>; null: none, and all with an <paramref name="allowOut"/>. <c>0.0.0.0/0</c> is everything.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="NotFoundException">The sandbox has ended.</exception>
    /// <exception cref="InvalidArgumentException">A rule is malformed, or the server cannot enforce it.</exception>
    public Task SetNetworkAsync(IReadOnlyList<string>? allowOut = null, IReadOnlyList<string>? denyOut = null, CancellationToken cancellationToken = default) =>
        client.SetSandboxNetworkAsync(SandboxId, allowOut, denyOut, cancellationToken);

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

    private Uri SignedUrl(string path, FileOperation operation, string? user, TimeSpan? expiration)
    {
        if (expiration is { } length) ArgumentOutOfRangeException.ThrowIfLessThan(length, TimeSpan.Zero, nameof(expiration));
        if (access.EnvdAccessToken is not { } token)
        {
            return expiration is null
                ? FileUrl(path, user, "")
                : throw new InvalidArgumentException($"Sandbox '{SandboxId}' is not secured, so its URLs hold as long as it lives; create it with Secure, or give no expiration.");
        }

        long? end = expiration is { } life ? DateTimeOffset.UtcNow.Add(life).ToUnixTimeSeconds() : null;
        var signature = "&signature=" + Uri.EscapeDataString(Signature.Of(path, operation, user ?? "", token, end));
        return FileUrl(path, user, signature + (end is { } seconds ? string.Create(CultureInfo.InvariantCulture, $"&signature_expiration={seconds}") : ""));
    }

    private Uri FileUrl(string path, string? user, string signature) => new(
        client.PublicRootOf(access),
        "files?" + (path.Length > 0 ? "path=" + Uri.EscapeDataString(path) : "") + (user is null ? "" : "&username=" + Uri.EscapeDataString(user)) + signature);
}
