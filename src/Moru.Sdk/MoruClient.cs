using System.Runtime.CompilerServices;
using Moru.Protocol;

namespace Moru;

/// <summary>
/// A connection to one Moru server: the root of everything else. Thread-safe; make one and keep it. Disposing it closes
/// connections and leaves sandboxes running.
/// </summary>
public sealed class MoruClient : IDisposable
{
    private static readonly Lazy<MoruClient> FromEnvironment = new(() => new MoruClient(MoruOptions.FromEnvironment()));

    private readonly SocketsHttpHandler handler;
    private readonly HttpClient http;
    private readonly MoruOptions options;
    private readonly ApiTransport api;
    private readonly bool local;

    /// <summary>Prepares a client; nothing is sent yet.</summary>
    public MoruClient(MoruOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        this.options = options;
        local = Connections.IsLocal(options);
        handler = Connections.CreateHandler(options);
        http = new HttpClient(handler, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
        var root = local ? new Uri($"http://{Connections.LocalDomain}/") : options.ApiUrl ?? new Uri($"https://api.{options.Domain}/");
        api = new ApiTransport(http, options, WithSlash(root));
    }

    /// <summary>The client that static members use, made from the <c>MORU_*</c> environment variables on first use.</summary>
    public static MoruClient Default => FromEnvironment.Value;

    /// <summary>Makes a sandbox and returns when its agent answers.</summary>
    /// <param name="template">Template id or alias.</param>
    /// <param name="options">Timeout, metadata, environment and the like; null: the defaults of <see cref="SandboxOptions"/>.</param>
    /// <param name="cancellationToken">Gives up waiting; a half-made sandbox is removed by the server.</param>
    /// <exception cref="NotFoundException">The template does not exist.</exception>
    /// <exception cref="InvalidArgumentException">An option is out of its range; the message names it.</exception>
    /// <exception cref="RateLimitException">The server runs as many sandboxes as it may.</exception>
    /// <exception cref="ServerUnreachableException">No server answers.</exception>
    public async Task<Sandbox> CreateSandboxAsync(
        string template = "base", SandboxOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(template);
        var body = ApiTransport.Json((options ?? new SandboxOptions()).ToWire(template), ApiJson.Default.NewSandbox);
        var access = await api.SendAsync(HttpMethod.Post, "sandboxes", body, ApiJson.Default.SandboxAccess, cancellationToken).ConfigureAwait(false);
        return Handle(access);
    }

    /// <summary>Takes hold of a sandbox that exists.</summary>
    /// <param name="sandboxId">Its id.</param>
    /// <param name="timeout">Extends its life to at least this from now; never shortens it. Default 300 s.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="NotFoundException">There is no such sandbox, or it has ended.</exception>
    public async Task<Sandbox> ConnectSandboxAsync(string sandboxId, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        var body = ApiTransport.Json(new SandboxTimeout(Seconds(timeout ?? SandboxOptions.DefaultTimeout)), ApiJson.Default.SandboxTimeout);
        var access = await api.SendAsync(HttpMethod.Post, Path(sandboxId, "/connect"), body, ApiJson.Default.SandboxAccess, cancellationToken).ConfigureAwait(false);
        return Handle(access);
    }

    /// <summary>Lists sandboxes, newest first, fetching pages as they are needed.</summary>
    /// <param name="metadata">Only sandboxes that carry all these labels; null: all.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    public async IAsyncEnumerable<SandboxInfo> ListSandboxesAsync(
        IReadOnlyDictionary<string, string>? metadata = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string? next = null;
        do
        {
            var path = "v2/sandboxes?limit=100"
                + (metadata is { Count: > 0 } ? "&metadata=" + MetadataFilter.Format(metadata) : "")
                + (next is null ? "" : "&nextToken=" + Uri.EscapeDataString(next));
            (var page, next) = await api.GetPageAsync(path, ApiJson.Default.IReadOnlyListListedSandbox, cancellationToken).ConfigureAwait(false);
            foreach (var sandbox in page) yield return SandboxInfo.From(sandbox);
        }
        while (next is not null);
    }

    /// <summary>Ends a sandbox for good.</summary>
    /// <returns>False when there is no such sandbox.</returns>
    public async Task<bool> KillSandboxAsync(string sandboxId, CancellationToken cancellationToken = default)
    {
        try
        {
            await api.SendAsync(HttpMethod.Delete, Path(sandboxId), null, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (NotFoundException)
        {
            return false;
        }
    }

    /// <summary>Sets how long a sandbox lives from now on; this may shorten or extend its life.</summary>
    /// <exception cref="NotFoundException">There is no such sandbox.</exception>
    public Task SetSandboxTimeoutAsync(string sandboxId, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        var body = ApiTransport.Json(new SandboxTimeout(Seconds(timeout)), ApiJson.Default.SandboxTimeout);
        return api.SendAsync(HttpMethod.Post, Path(sandboxId, "/timeout"), body, cancellationToken);
    }

    /// <summary>Reads what the server knows of a sandbox.</summary>
    /// <exception cref="NotFoundException">There is no such sandbox.</exception>
    public async Task<SandboxInfo> GetSandboxInfoAsync(string sandboxId, CancellationToken cancellationToken = default) =>
        SandboxInfo.From(await api.SendAsync(HttpMethod.Get, Path(sandboxId), null, ApiJson.Default.SandboxDetail, cancellationToken).ConfigureAwait(false));

    /// <inheritdoc/>
    public void Dispose()
    {
        http.Dispose();
        handler.Dispose();
    }

    private Sandbox Handle(SandboxAccess access)
    {
        var domain = access.Domain is { Length: > 0 } named ? named : local ? Connections.LocalDomain : options.Domain;
        var host = new SandboxHost(Ports.Envd, access.SandboxId).Under(local ? Connections.LocalDomain : domain);
        var byHeader = !local && options.SandboxUrl is not null;
        var root = byHeader ? WithSlash(options.SandboxUrl!) : new Uri(local ? $"http://{host}/" : $"https://{host}/");

        var connection = new HttpClient(handler, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
        if (byHeader)
        {
            connection.DefaultRequestHeaders.Add(Headers.SandboxId, access.SandboxId);
            connection.DefaultRequestHeaders.Add(Headers.SandboxPort, Ports.Envd.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }

        return new Sandbox(this, access.SandboxId, domain, new SandboxConnection(connection, root, access.EnvdAccessToken, access.SandboxId, options.RequestTimeout));
    }

    private static string Path(string sandboxId, string suffix = "")
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(sandboxId);
        return $"sandboxes/{Uri.EscapeDataString(sandboxId)}{suffix}";
    }

    internal static int Seconds(TimeSpan timeout)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(timeout, TimeSpan.Zero);
        return (int)Math.Min(Math.Ceiling(timeout.TotalSeconds), int.MaxValue);
    }

    private static Uri WithSlash(Uri root) => root.AbsoluteUri.EndsWith('/') ? root : new Uri(root.AbsoluteUri + "/");
}
