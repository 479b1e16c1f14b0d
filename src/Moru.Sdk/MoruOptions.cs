namespace Moru;

/// <summary>Where the Moru server is and how to speak to it.</summary>
public sealed record MoruOptions
{
    private const string DefaultDomain = "moru.io";

    /// <summary>Control-plane credential; null sends none. Environment: <c>MORU_API_KEY</c>.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Credential of a user account, sent as a bearer token; null sends none. Environment: <c>MORU_ACCESS_TOKEN</c>.</summary>
    public string? AccessToken { get; init; }

    /// <summary>
    /// Root of the REST API: an <c>http(s)</c> URL, or <c>unix:/path/to/moru.sock</c> for a server on this machine, in which case
    /// sandboxes are reached through the same socket. Default: <c>https://api.</c> followed by <see cref="Domain"/>.
    /// Environment: <c>MORU_API_URL</c>.
    /// </summary>
    public Uri? ApiUrl { get; init; }

    /// <summary>
    /// Domain of sandbox host names when the server names none; it may carry a port. Names under <c>localhost</c> lead to this machine
    /// whatever its resolver says. Default <c>moru.io</c>. Environment: <c>MORU_DOMAIN</c>.
    /// </summary>
    public string Domain { get; init; } = DefaultDomain;

    /// <summary>One base URL for the agents of all sandboxes, where host names cannot be resolved. Environment: <c>MORU_SANDBOX_URL</c>.</summary>
    public Uri? SandboxUrl { get; init; }

    /// <summary>
    /// One agent on this machine in place of sandboxes: hosts are <c>localhost:port</c>, without TLS, and the API is
    /// <c>http://localhost:3000</c>. Default false. Environment: <c>MORU_DEBUG</c>.
    /// </summary>
    public bool Debug { get; init; }

    /// <summary>
    /// PEM file of certificate authorities to trust besides the system's, such as the one a server without certificates makes for
    /// itself; default none. Environment: <c>MORU_CA_FILE</c>.
    /// </summary>
    public string? CaFile { get; init; }

    /// <summary>Proxy for all requests; default: the system's, which requests to this machine pass by.</summary>
    public Uri? Proxy { get; init; }

    /// <summary>Headers sent with every request; default none.</summary>
    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    /// <summary>How long one request may take, command run time excluded; default 60 s, <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Opens the byte stream to the server in place of a network connection; for servers that live in this process or are
    /// found by other means. Default: null, connect to <see cref="ApiUrl"/>.
    /// </summary>
    public Func<CancellationToken, ValueTask<Stream>>? Connect { get; init; }

    /// <summary>
    /// Reads <c>MORU_API_KEY</c>, <c>MORU_ACCESS_TOKEN</c>, <c>MORU_API_URL</c>, <c>MORU_DOMAIN</c>, <c>MORU_SANDBOX_URL</c>, <c>MORU_DEBUG</c>
    /// and <c>MORU_CA_FILE</c>.
    /// </summary>
    /// <exception cref="InvalidArgumentException">A URL among them is not absolute.</exception>
    public static MoruOptions FromEnvironment() => new()
    {
        ApiKey = Variable("MORU_API_KEY"),
        AccessToken = Variable("MORU_ACCESS_TOKEN"),
        ApiUrl = UrlVariable("MORU_API_URL"),
        Domain = Variable("MORU_DOMAIN") ?? DefaultDomain,
        SandboxUrl = UrlVariable("MORU_SANDBOX_URL"),
        Debug = string.Equals(Variable("MORU_DEBUG"), "true", StringComparison.OrdinalIgnoreCase),
        CaFile = Variable("MORU_CA_FILE"),
    };

    /// <summary>The same server with the settings of one request, or of one sandbox's.</summary>
    internal MoruOptions With(RequestOptions request) => this with
    {
        ApiKey = request.ApiKey ?? ApiKey,
        RequestTimeout = request.RequestTimeout ?? RequestTimeout,
        Headers = request.Headers is null ? Headers : Merge(Headers, request.Headers),
    };

    private static Dictionary<string, string> Merge(IReadOnlyDictionary<string, string>? all, IReadOnlyDictionary<string, string> own)
    {
        var merged = new Dictionary<string, string>(all ?? new Dictionary<string, string>(), StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in own) merged[name] = value;
        return merged;
    }

    private static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static Uri? UrlVariable(string name)
    {
        if (Variable(name) is not { } text) return null;
        return Uri.TryCreate(text, UriKind.Absolute, out var url)
            ? url
            : throw new InvalidArgumentException($"{name} is '{text}', which is no absolute URL; write it like http://127.0.0.1:3000.");
    }
}
