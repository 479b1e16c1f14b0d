using System.Text;
using Microsoft.AspNetCore.Http;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>Reads the user of a call: the name in its Basic credentials. The password means nothing.</summary>
internal static class RpcUser
{
    private const string Scheme = "Basic ";

    /// <returns>Null when the call names nobody.</returns>
    /// <exception cref="ConnectException">The header is not Basic credentials.</exception>
    public static string? Of(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        if (header.Length == 0) return null;

        var bytes = new byte[header.Length];
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || !Convert.TryFromBase64String(header[Scheme.Length..].Trim(), bytes, out var count))
            throw new ConnectException(ConnectCode.Unauthenticated, "invalid Authorization header: Basic credentials are needed");

        var credentials = Encoding.UTF8.GetString(bytes, 0, count);
        return credentials.Split(':', 2)[0];
    }
}
