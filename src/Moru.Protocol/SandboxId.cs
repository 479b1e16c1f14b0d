using System.Security.Cryptography;

namespace Moru.Protocol;

/// <summary>Sandbox identifiers: <c>i</c> followed by 20 lower-case letters or digits, so that one fits in a DNS label.</summary>
public static class SandboxId
{
    private const int Length = 21;

    /// <summary>Makes a new identifier from a cryptographic random source.</summary>
    public static string New() => "i" + RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz0123456789", Length - 1);

    /// <summary>
    /// Reads an identifier as clients send it. A legacy client id behind exactly one dash
    /// (<c>ia1b2…-6532622b</c>) is cut off.
    /// </summary>
    /// <returns>The bare identifier; text that is not an identifier comes back unchanged, since it will match nothing.</returns>
    public static string Normalize(string text)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        return dash > 0 && text.IndexOf('-', dash + 1) < 0 ? text[..dash] : text;
    }
}
