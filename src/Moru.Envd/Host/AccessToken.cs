using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>
/// The sandbox's access token: set once, then demanded of every request but <c>GET /health</c>. A file may be asked for with a signature instead.
/// </summary>
internal sealed class AccessToken(TimeProvider time)
{
    private volatile string? _token;

    /// <exception cref="ConnectException">Another token was set before.</exception>
    public void Set(string token)
    {
        var before = Interlocked.CompareExchange(ref _token, token, null);
        if (before is not null && !Same(before, token))
            throw new ConnectException(ConnectCode.AlreadyExists, "access token is already set", StatusCodes.Status409Conflict);
    }

    /// <exception cref="ConnectException">The request may not pass.</exception>
    public void Check(HttpRequest request)
    {
        if (_token is not { } token || (HttpMethods.IsGet(request.Method) && request.Path == "/health")) return;

        var given = request.Headers[Headers.AccessToken].ToString();
        if (given.Length > 0 ? Same(token, given) : SignedOperation(request) is { } operation && IsSigned(request.Query, operation, token)) return;
        throw Refused(given.Length > 0 ? "wrong access token" : $"missing {Headers.AccessToken} header");
    }

    private static FileOperation? SignedOperation(HttpRequest request) => request.Path != "/files" ? null : request.Method switch
    {
        "GET" or "HEAD" => FileOperation.Read,
        "POST" => FileOperation.Write,
        _ => null,
    };

    private bool IsSigned(IQueryCollection query, FileOperation operation, string token)
    {
        if (query["signature"].ToString() is not { Length: > 0 } given) throw Refused("missing signature query parameter");
        long? expiration = null;
        if (query.TryGetValue("signature_expiration", out var text))
        {
            // No other spelling of a number was ever signed.
            if (!long.TryParse(text.ToString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds)) throw Refused("invalid signature");
            expiration = seconds;
        }

        var expected = Signature.Of(query["path"].ToString(), operation, query["username"].ToString(), token, expiration);
        if (!Signature.Matches(given, expected)) throw Refused("invalid signature");
        // Only now: a forger learns nothing about what would be in time.
        if (expiration < time.GetUtcNow().ToUnixTimeSeconds()) throw Refused("signature is already expired");
        return true;
    }

    private static bool Same(string token, string given) => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(token), Encoding.UTF8.GetBytes(given));

    private static ConnectException Refused(string message) =>
        new(ConnectCode.Unauthenticated, message, StatusCodes.Status401Unauthorized);
}
