using System.Security.Cryptography;
using System.Text;

namespace Moru.Runtime;

/// <summary>Credentials for envd, derived and not stored: the same for a sandbox id for life.</summary>
internal sealed class AccessTokens(byte[] seed)
{
    public string For(string sandboxId) => Convert.ToHexStringLower(HMACSHA256.HashData(seed, Encoding.UTF8.GetBytes(sandboxId)));
}
