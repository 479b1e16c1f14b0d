using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Moru.Protocol;

/// <summary>What a signed URL of a file allows.</summary>
public enum FileOperation
{
    /// <summary>Download.</summary>
    Read,

    /// <summary>Upload.</summary>
    Write,
}

/// <summary>
/// The signature in the URL of a file, which stands in for the access token: whoever holds the URL may do this one thing to this one file.
/// </summary>
public static class Signature
{
    private const string Version = "v1_";

    /// <summary>Signs one operation on one file.</summary>
    /// <param name="path">The path exactly as in the URL's query, decoded but not resolved.</param>
    /// <param name="operation">What the URL is for.</param>
    /// <param name="user">The user in the URL's query; empty when it names none.</param>
    /// <param name="token">The sandbox's access token.</param>
    /// <param name="expiration">Unix time in seconds at which the URL ends, the same as in its query; null: never.</param>
    public static string Of(string path, FileOperation operation, string user, string token, long? expiration = null)
    {
        var verb = operation == FileOperation.Read ? "read" : "write";
        var end = expiration is { } seconds ? string.Create(CultureInfo.InvariantCulture, $":{seconds}") : "";
        Span<byte> digest = stackalloc byte[Sha256.DigestLength];
        Sha256.Hash(Encoding.UTF8.GetBytes($"{path}:{verb}:{user}:{token}{end}"), digest);
        return Version + Convert.ToBase64String(digest).TrimEnd('=');
    }

    /// <summary>Compares two signatures in a time that tells nothing about where they differ.</summary>
    public static bool Matches(string given, string expected) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(expected));
}
