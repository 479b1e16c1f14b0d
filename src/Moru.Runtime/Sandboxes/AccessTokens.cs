using System.Security.Cryptography;
using System.Text;

namespace Moru.Runtime;

/// <summary>Credentials of sandboxes, derived and not stored: the same for a sandbox id for life.</summary>
internal sealed class AccessTokens(byte[] seed)
{
    /// <summary>The record with the tokens that its settings ask for.</summary>
    public SandboxRecord Give(SandboxRecord record) => record with
    {
        AccessToken = record.Secure ? Hash(record.Id) : null,
        TrafficToken = record.Network.AllowPublicTraffic ? null : Hash("sandbox-traffic-" + record.Id),
    };

    private string Hash(string text) => Convert.ToHexStringLower(HMACSHA256.HashData(seed, Encoding.UTF8.GetBytes(text)));
}
