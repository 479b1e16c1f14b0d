using System.Globalization;
using Microsoft.AspNetCore.Http;
using Moru.Protocol;

namespace Moru.Server;

/// <summary>Which sandbox and port a request is for: by headers where host names cannot be resolved, else by host name.</summary>
internal static class ProxyTarget
{
    /// <summary>A host is a sandbox's when its first label starts with digits and a dash; no name of the API does.</summary>
    public static bool IsForSandbox(HttpRequest request)
    {
        if (request.Headers.ContainsKey(Headers.SandboxId) || request.Headers.ContainsKey(Headers.SandboxPort)) return true;
        var host = request.Host.Value.AsSpan();
        var digits = host.IndexOfAnyExceptInRange('0', '9');
        return digits > 0 && host[digits] == '-';
    }

    public static bool TryRead(HttpRequest request, out SandboxHost target, out string problem)
    {
        string? id = request.Headers[Headers.SandboxId];
        string? port = request.Headers[Headers.SandboxPort];
        if (id is null && port is null)
        {
            var error = SandboxHost.Parse(request.Host.Value, out target);
            problem = error == SandboxHostError.InvalidPort ? "Invalid sandbox port" : "Invalid host";
            return error == SandboxHostError.None;
        }

        target = default;
        problem = id is null || port is null ? "missing header" : "Invalid sandbox port";
        if (id is null || !int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < 1 or > 65535)
            return false;
        target = new SandboxHost(number, SandboxId.Normalize(id));
        return true;
    }
}
