using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Moru.Mcp;

/// <summary>What a session sandbox is found again by.</summary>
internal static partial class SessionName
{
    /// <summary>What a name must be, for messages.</summary>
    public const string Rule = "a name of at most 64 letters, digits, dots, dashes and underscores";

    public static bool IsValid(string text) => Names().IsMatch(text);

    /// <summary>Who presents a key, as a name that is safe to write down.</summary>
    public static string Owner(string apiKey) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("moru-mcp:" + apiKey)))[..16];

    [GeneratedRegex(@"^[A-Za-z0-9._-]{1,64}\z")]
    private static partial Regex Names();
}
