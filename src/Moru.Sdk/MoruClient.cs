using System.Globalization;
using Moru.Protocol;

namespace Moru;

/// <summary>
/// A connection to one Moru server: the root of everything else. Thread-safe; make one and keep it. Disposing it closes
/// connections and leaves sandboxes running.
/// </summary>
/// <example>
/// <code>
/// using var client = new MoruClient(new MoruOptions { ApiUrl = new Uri("http://127.0.0.1:3000"), ApiKey = key });
/// await using var sandbox = await client.CreateSandboxAsync("python");
/// </code>
/// </example>
public sealed partial class MoruClient : IDisposable
{
    private static readonly Lazy<MoruClient> FromEnvironment = new(() => new MoruClient(MoruOptions.FromEnvironment()));

    private readonly SocketsHttpHandler handler;
    private readonly HttpClient http;
    private readonly MoruOptions options;
    private readonly ApiTransport api;
    private readonly bool local;
    private readonly bool ownsConnections;

    /// <summary>Prepares a client; nothing is sent yet.</summary>
    /// <exception cref="InvalidArgumentException"><see cref="MoruOptions.CaFile"/> cannot be read.</exception>
    public MoruClient(MoruOptions options)
        : this(options ?? throw new ArgumentNullException(nameof(options)), Connections.CreateHandler(options), ownsConnections: true)
    {
    }

    private MoruClient(MoruOptions options, SocketsHttpHandler handler, bool ownsConnections)
    {
        this.options = options;
        this.handler = handler;
        this.ownsConnections = ownsConnections;
        local = Connections.IsLocal(options);
        http = new HttpClient(handler, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
        var root = local ? new Uri($"http://{Connections.LocalDomain}/")
            : options.ApiUrl ?? new Uri(options.Debug ? "http://localhost:3000/" : $"https://api.{options.Domain}/");
        api = new ApiTransport(http, options, WithSlash(root));
    }

    /// <summary>The client that static members use, made from the <c>MORU_*</c> environment variables on first use.</summary>
    public static MoruClient Default => FromEnvironment.Value;

    /// <summary>The same client, over the same connections, with other settings for the requests made through it.</summary>
    /// <remarks>Costs next to nothing, so it may be made for a single call. It ends with the client it was made from and needs no disposal.</remarks>
    public MoruClient With(RequestOptions request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return new MoruClient(options.With(request), handler, ownsConnections: false);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        http.Dispose();
        if (ownsConnections) handler.Dispose();
    }

    internal ApiTransport Api => api;

    internal string DomainOf(SandboxAccess access) =>
        access.Domain is { Length: > 0 } named ? named : local ? Connections.LocalDomain : options.Domain;

    internal string HostOf(SandboxAccess access, int port) => options.Debug
        ? string.Create(CultureInfo.InvariantCulture, $"localhost:{port}")
        : new SandboxHost(port, access.SandboxId).Under(DomainOf(access));

    internal Uri UrlOf(SandboxAccess access, int port) => access.PortUrl is { } template && !options.Debug
        ? new Uri(template.Replace("{port}", port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal))
        : new Uri($"{(options.Debug ? "http" : "https")}://{HostOf(access, port)}");

    /// <summary>Root of the agent's URLs for whoever has no connection of this client's, such as a browser.</summary>
    internal Uri PublicRootOf(SandboxAccess access) => options switch
    {
        { SandboxUrl: { } url } => WithSlash(url),
        { Debug: true } => new Uri($"http://{HostOf(access, Ports.Envd)}/"),
        _ when local => UrlOf(access, Ports.Envd),
        _ => new Uri($"https://{HostOf(access, Ports.Envd)}/"),
    };

    internal SandboxConnection ConnectionTo(SandboxAccess access)
    {
        var root = local ? new Uri($"http://{new SandboxHost(Ports.Envd, access.SandboxId).Under(Connections.LocalDomain)}/") : PublicRootOf(access);
        var connection = new HttpClient(handler, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
        connection.DefaultRequestHeaders.Add(Headers.KeepalivePingInterval, SandboxConnection.PingInterval.TotalSeconds.ToString(CultureInfo.InvariantCulture));
        if (!local && options.SandboxUrl is not null)
        {
            connection.DefaultRequestHeaders.Add(Headers.SandboxId, access.SandboxId);
            connection.DefaultRequestHeaders.Add(Headers.SandboxPort, Ports.Envd.ToString(CultureInfo.InvariantCulture));
        }

        foreach (var (name, value) in options.Headers ?? new Dictionary<string, string>()) connection.DefaultRequestHeaders.TryAddWithoutValidation(name, value);
        return new SandboxConnection(connection, root, access.EnvdAccessToken, access.SandboxId, options.RequestTimeout);
    }

    internal static int Seconds(TimeSpan timeout)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(timeout, TimeSpan.Zero);
        return (int)Math.Min(Math.Ceiling(timeout.TotalSeconds), int.MaxValue);
    }

    /// <returns>False when there was nothing to delete.</returns>
    private async Task<bool> DeleteAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            await api.SendAsync(HttpMethod.Delete, path, null, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (NotFoundException)
        {
            return false;
        }
    }

    private static Uri WithSlash(Uri root) => root.AbsoluteUri.EndsWith('/') ? root : new Uri(root.AbsoluteUri + "/");
}
