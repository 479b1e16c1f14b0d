using System.Net;
using Moru.Runtime;

namespace Moru.Server;

/// <summary>Where a server keeps its things and where it listens.</summary>
public sealed record ServerOptions
{
    /// <summary>Directory of the store, the socket and the first API key; made with mode 0700 when absent. One server owns it at a time.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>The static envd executable on this host.</summary>
    public required string EnvdPath { get; init; }

    /// <summary>Secret of the administrator; null or empty: there is none, and endpoints that demand it answer 401.</summary>
    public string? AdminToken { get; init; }

    /// <summary>Requests in a minute from one address without a valid credential.</summary>
    public int AnonymousRequestsPerMinute { get; init; } = 600;

    /// <summary>TCP address of the API and the sandbox proxy; null: the unix socket alone.</summary>
    public IPEndPoint? Http { get; init; }

    /// <summary>
    /// TCP address of the same with TLS, HTTP/1.1 and HTTP/2, under a certificate for <see cref="Domain"/> from an authority of the
    /// server's own, whose certificate is <c>ca.pem</c> in the data directory; null: none.
    /// </summary>
    public IPEndPoint? Https { get; init; }

    /// <summary>How the server reaches sandboxes.</summary>
    public SandboxAddressing Addressing { get; init; }

    /// <summary>
    /// Domain of the API and of sandbox host names: <c>{port}-{sandboxID}.{domain}</c>. It may carry a port, that of a proxy in front
    /// of this server; without one, clients are told that of <see cref="Https"/>. Null: <c>moru.localhost</c>, of which clients are
    /// told only with <see cref="Https"/>, else they use whatever they are configured for.
    /// </summary>
    public string? Domain { get; init; }
}
