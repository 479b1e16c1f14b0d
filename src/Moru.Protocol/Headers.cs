namespace Moru.Protocol;

/// <summary>HTTP header names of the Moru wire that are not standard HTTP.</summary>
public static class Headers
{
    /// <summary>Control-plane credential, <c>moru_</c> followed by 40 hex digits.</summary>
    public const string ApiKey = "X-API-Key";

    /// <summary>The secret that the server was started with.</summary>
    public const string AdminToken = "X-Admin-Token";

    /// <summary>Requests that the caller may make in a minute.</summary>
    public const string RateLimit = "X-RateLimit-Limit";

    /// <summary>How many of them are left now.</summary>
    public const string RateLimitRemaining = "X-RateLimit-Remaining";

    /// <summary>Unix time in seconds at which all of them are left again, if none is made.</summary>
    public const string RateLimitReset = "X-RateLimit-Reset";

    /// <summary>Per-sandbox credential for envd.</summary>
    public const string AccessToken = "X-Access-Token";

    /// <summary>Per-sandbox credential for ports other than envd's, where these are not open to everybody.</summary>
    public const string TrafficToken = "Moru-Traffic-Access-Token";

    /// <summary>Names the sandbox of a request whose host name cannot.</summary>
    public const string SandboxId = "Moru-Sandbox-Id";

    /// <summary>Names the port inside the sandbox; goes with <see cref="SandboxId"/>.</summary>
    public const string SandboxPort = "Moru-Sandbox-Port";

    /// <summary>Opaque cursor of the next page; absent on the last page.</summary>
    public const string NextToken = "X-Next-Token";

    /// <summary>Number of running sandboxes that match the filter, before paging.</summary>
    public const string TotalRunning = "X-Total-Running";

    /// <summary>Version of the Connect protocol; always <c>1</c>.</summary>
    public const string ConnectProtocolVersion = "Connect-Protocol-Version";

    /// <summary>How long a process may run, in milliseconds; a decimal fraction is accepted. Absent or 0: no limit.</summary>
    public const string ConnectTimeoutMs = "Connect-Timeout-Ms";

    /// <summary>Seconds of silence after which the server sends a keepalive message.</summary>
    public const string KeepalivePingInterval = "Keepalive-Ping-Interval";
}
