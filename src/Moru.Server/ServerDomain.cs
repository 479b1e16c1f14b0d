using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Moru.Server;

/// <summary>The domain of the API (<c>api.{domain}</c>) and of sandbox hosts (<c>{port}-{sandboxID}.{domain}</c>).</summary>
/// <param name="configured">As in the options, possibly with a port; null: the default, which clients are told only when there is TLS.</param>
/// <param name="httpsPort">The port that TLS was given once the server listens; null: none.</param>
/// <param name="httpPort">The port of plain HTTP on this machine; null: none.</param>
internal sealed class ServerDomain(string? configured, Func<int?> httpsPort, Func<int?> httpPort)
{
    /// <summary>Resolves to loopback on many machines without any set-up; two labels, since TLS allows no wildcard right below a top-level domain.</summary>
    public const string Default = "moru.localhost";

    /// <summary>Without a port.</summary>
    public string Name { get; } = new HostString(configured ?? Default).Host;

    /// <summary>What clients form host names with; null: whatever they are configured for.</summary>
    public string? Told => (new HostString(configured ?? "").Port, httpsPort()) switch
    {
        (null, { } port) => port == 443 ? Name : string.Create(CultureInfo.InvariantCulture, $"{Name}:{port}"),
        _ => configured, // a port of the user's own is that of something in front of this server
    };

    /// <summary>
    /// Where ports of a sandbox are reached: under the default domain, which leads nowhere but to this machine, by plain HTTP, whose names
    /// browsers and curl resolve and whose certificate nobody must trust. Null: nowhere but on the socket.
    /// </summary>
    public string? PortUrl(string sandboxId) => (configured, httpPort(), Told) switch
    {
        (null, { } plain, _) => string.Create(CultureInfo.InvariantCulture, $"http://{{port}}-{sandboxId}.{Name}:{plain}"),
        (_, _, { } told) => $"https://{{port}}-{sandboxId}.{told}",
        _ => null,
    };

    /// <summary>A host is a sandbox's when it begins with a number and a dash, under whatever domain; and so is any unknown name of ours.</summary>
    public bool IsSandbox(string host)
    {
        var digits = host.AsSpan().IndexOfAnyExceptInRange('0', '9');
        return (digits > 0 && host[digits] == '-') || (IsBelow(host) && !IsApi(host));
    }

    /// <summary>Whether the host is the domain itself or <c>api</c> below it.</summary>
    public bool IsApi(string host)
    {
        var name = host.AsSpan().TrimEnd('.');
        return name.Equals(Name, StringComparison.OrdinalIgnoreCase)
            || (name.StartsWith("api.", StringComparison.OrdinalIgnoreCase) && name[4..].Equals(Name, StringComparison.OrdinalIgnoreCase));
    }

    private bool IsBelow(string host)
    {
        var name = host.AsSpan().TrimEnd('.');
        return name.EndsWith(Name, StringComparison.OrdinalIgnoreCase) && name.Length > Name.Length && name[^(Name.Length + 1)] == '.';
    }
}
