using System.Globalization;
using Microsoft.AspNetCore.Http;
using Moru.Protocol;

namespace Moru.Server;

/// <summary>Which sandbox and port a request names: by headers where host names cannot be resolved, else by host name.</summary>
internal static class ProxyTarget
{
    // Of a DNS label. What is longer is no sandbox's, and is not repeated in an answer.
    private const int MaxIdLength = 63;

    public static bool IsNamed(HttpRequest request, ServerDomain domain) =>
        request.Headers.ContainsKey(Headers.SandboxId) || request.Headers.ContainsKey(Headers.SandboxPort) || domain.IsSandbox(request.Host.Host);

    public static bool TryRead(HttpRequest request, out SandboxHost target, out string problem)
    {
        problem = "";
        if (request.Headers.ContainsKey(Headers.SandboxId) || request.Headers.ContainsKey(Headers.SandboxPort))
        {
            problem = ReadHeaders(request, out target);
        }
        else
        {
            var error = SandboxHost.Parse(request.Host.Value, out target);
            if (error != SandboxHostError.None) problem = error == SandboxHostError.InvalidPort ? "Invalid sandbox port" : "Invalid host";
        }

        if (problem.Length == 0 && target.SandboxId.Length > MaxIdLength) problem = "Invalid host";
        return problem.Length == 0;
    }

    private static string ReadHeaders(HttpRequest request, out SandboxHost target)
    {
        target = default;
        var (ids, ports) = (request.Headers[Headers.SandboxId], request.Headers[Headers.SandboxPort]);
        if (ids is not [{ Length: > 0 } id] || ports is not [{ } port]) return "missing header";
        if (!int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < 1 or > 65535) return "Invalid sandbox port";
        target = new SandboxHost(number, SandboxId.Normalize(id));
        return "";
    }
}
