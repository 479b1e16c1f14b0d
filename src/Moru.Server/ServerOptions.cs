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

    /// <summary>How the server reaches sandboxes.</summary>
    public SandboxAddressing Addressing { get; init; }

    /// <summary>Domain of sandbox host names that clients are told; null: whatever the client is configured for.</summary>
    public string? Domain { get; init; }
}
