namespace Moru;

/// <summary>Where the Moru server is and how to speak to it.</summary>
public sealed record MoruOptions
{
    /// <summary>Control-plane credential; null sends none. Environment: <c>MORU_API_KEY</c>.</summary>
    public string? ApiKey { get; init; }

    /// <summary>
    /// Root of the REST API: an <c>http(s)</c> URL, or <c>unix:/path/to/moru.sock</c> for a server on this machine, in which case
    /// sandboxes are reached through the same socket. Default: <c>https://api.</c> followed by <see cref="Domain"/>.
    /// Environment: <c>MORU_API_URL</c>.
    /// </summary>
    public Uri? ApiUrl { get; init; }

    /// <summary>Domain of sandbox host names when the server names none; default <c>moru.io</c>. Environment: <c>MORU_DOMAIN</c>.</summary>
    public string Domain { get; init; } = "moru.io";

    /// <summary>One base URL for the agents of all sandboxes, where host names cannot be resolved. Environment: <c>MORU_SANDBOX_URL</c>.</summary>
    public Uri? SandboxUrl { get; init; }

    /// <summary>How long one request may take, command run time excluded; default 60 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Opens the byte stream to the server in place of a network connection; for servers that live in this process or are
    /// found by other means. Default: null, connect to <see cref="ApiUrl"/>.
    /// </summary>
    public Func<CancellationToken, ValueTask<Stream>>? Connect { get; init; }

    /// <summary>Reads <c>MORU_API_KEY</c>, <c>MORU_API_URL</c>, <c>MORU_DOMAIN</c> and <c>MORU_SANDBOX_URL</c>.</summary>
    /// <exception cref="InvalidArgumentException">A URL among them is not absolute.</exception>
    public static MoruOptions FromEnvironment() => new()
    {
        ApiKey = Variable("MORU_API_KEY"),
        ApiUrl = UrlVariable("MORU_API_URL"),
        Domain = Variable("MORU_DOMAIN") ?? "moru.io",
        SandboxUrl = UrlVariable("MORU_SANDBOX_URL"),
    };

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
