using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>The sandbox's access token: set once, then demanded of every request but <c>GET /health</c>.</summary>
internal sealed class AccessToken
{
    private volatile byte[]? _token;

    /// <exception cref="ConnectException">Another token was set before.</exception>
    public void Set(string token)
    {
        var bytes = Encoding.UTF8.GetBytes(token);
        var before = Interlocked.CompareExchange(ref _token, bytes, null);
        if (before is not null && !CryptographicOperations.FixedTimeEquals(before, bytes))
            throw new ConnectException(ConnectCode.AlreadyExists, "access token is already set", StatusCodes.Status409Conflict);
    }

    /// <exception cref="ConnectException">The request may not pass.</exception>
    public void Check(HttpRequest request)
    {
        if (_token is not { } token || (HttpMethods.IsGet(request.Method) && request.Path == "/health")) return;

        var given = request.Headers[Headers.AccessToken].ToString();
        if (given.Length == 0 && request.Path == "/files") throw Refused("missing signature query parameter");
        if (given.Length == 0) throw Refused($"missing {Headers.AccessToken} header");
        if (!CryptographicOperations.FixedTimeEquals(token, Encoding.UTF8.GetBytes(given))) throw Refused("wrong access token");
    }

    private static ConnectException Refused(string message) =>
        new(ConnectCode.Unauthenticated, message, StatusCodes.Status401Unauthorized);
}
