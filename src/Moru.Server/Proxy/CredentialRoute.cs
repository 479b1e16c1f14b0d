using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Moru.Protocol;
using Moru.Runtime;

namespace Moru.Server;

/// <summary>
/// Finds the sandbox of a request to an agent that names none, as official SDKs send some when they are given one URL for all agents:
/// its access token, or the signature of a file, is that of one sandbox alone.
/// </summary>
internal static class CredentialRoute
{
    // The work that a stranger can cause with one request: so many digests over so much text. The newest sandboxes are tried.
    private const int MaxSandboxes = 1000, MaxSignedText = 4096;

    private static readonly string[] AgentPaths = ["/files", "/health", "/envs", "/metrics", "/init", "/shutdown", "/tunnel"];

    /// <summary>Whether this is for an agent: its paths, with a credential that no request to the API has.</summary>
    public static bool IsMeant(HttpRequest request) =>
        (request.Headers.ContainsKey(Headers.AccessToken) && IsAgentPath(request.Path)) || (request.Path == "/files" && request.Query.ContainsKey("signature"));

    /// <returns>Null when the credential is no sandbox's.</returns>
    public static string? FindOrDefault(HttpRequest request, Sandboxes sandboxes)
    {
        Predicate<string>? opens = request.Headers.ContainsKey(Headers.AccessToken) ? TokenOf(request) : SignatureOf(request);
        if (opens is null) return null;
        foreach (var sandbox in sandboxes.List().Take(MaxSandboxes))
            if (sandbox.AccessToken is { } token && opens(token)) return sandbox.Id;
        return null;
    }

    private static bool IsAgentPath(PathString path) =>
        path.Value is { } text
        && (AgentPaths.Contains(text) || text.StartsWith("/process.Process/", StringComparison.Ordinal) || text.StartsWith("/filesystem.Filesystem/", StringComparison.Ordinal));

    private static Predicate<string> TokenOf(HttpRequest request)
    {
        var given = Encoding.UTF8.GetBytes(request.Headers[Headers.AccessToken].ToString());
        return token => CryptographicOperations.FixedTimeEquals(given, Encoding.UTF8.GetBytes(token));
    }

    private static Predicate<string>? SignatureOf(HttpRequest request)
    {
        var (path, user) = (request.Query["path"].ToString(), request.Query["username"].ToString());
        var (given, end) = (request.Query["signature"].ToString(), request.Query["signature_expiration"].ToString());
        if (path.Length + user.Length > MaxSignedText) return null;

        long? expiration = null;
        if (end.Length > 0)
        {
            if (!long.TryParse(end, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds)) return null;
            expiration = seconds;
        }

        var operation = HttpMethods.IsPost(request.Method) ? FileOperation.Write : FileOperation.Read;
        return token => Signature.Matches(given, Signature.Of(path, operation, user, token, expiration));
    }
}
