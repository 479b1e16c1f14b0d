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

    /// <summary>Docker Engine to use; null: <c>DOCKER_HOST</c>, else <c>unix:///var/run/docker.sock</c>.</summary>
    public string? DockerEndpoint { get; init; }

    /// <summary>TCP address of the API and the sandbox proxy; null: the unix socket alone.</summary>
    public IPEndPoint? Http { get; init; }

    /// <summary>Domain of sandbox host names that clients are told; null: whatever the client is configured for.</summary>
    public string? Domain { get; init; }

    /// <summary>Limits of the runtime, in place of its defaults.</summary>
    public Func<RuntimeOptions, RuntimeOptions> Runtime { get; init; } = defaults => defaults;
}
