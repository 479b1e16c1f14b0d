using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Moru.Runtime;

/// <summary>A key or token in the clear: a prefix that says which, and the hex digits of its bytes.</summary>
internal static class Secret
{
    private const int NewBytes = 20;
    private const int MostBytes = 64;

    public static string PrefixOf(CredentialKind kind) => kind is CredentialKind.ApiKey ? "moru_" : "sk_moru_";

    public static string New(CredentialKind kind) => PrefixOf(kind) + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(NewBytes));

    /// <summary>
    /// The key that goes with an access token: the same each time it is asked for, and nobody can work it out from what is stored.
    /// </summary>
    public static string Derive(string accessToken, string keyId)
    {
        var seed = Convert.FromHexString(accessToken.AsSpan(PrefixOf(CredentialKind.AccessToken).Length));
        return PrefixOf(CredentialKind.ApiKey) + Convert.ToHexStringLower(HMACSHA256.HashData(seed, Encoding.ASCII.GetBytes(keyId)).AsSpan(..NewBytes));
    }

    /// <summary>The hash under which the store knows it; null for what is no secret of this kind.</summary>
    public static string? HashOrDefault(CredentialKind kind, string text)
    {
        var prefix = PrefixOf(kind);
        if (!text.StartsWith(prefix, StringComparison.Ordinal) || text.Length == prefix.Length || text.Length > prefix.Length + 2 * MostBytes) return null;

        Span<byte> raw = stackalloc byte[MostBytes];
        return Convert.FromHexString(text.AsSpan(prefix.Length), raw, out _, out var count) is OperationStatus.Done
            ? "$sha256$" + Convert.ToBase64String(SHA256.HashData(raw[..count])).TrimEnd('=')
            : null;
    }
}
