using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Moru;

/// <summary>Certificate authorities trusted besides the system's. Names, dates and purposes are checked as ever.</summary>
internal sealed class ExtraAuthorities
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private readonly X509Certificate2Collection roots;

    private ExtraAuthorities(X509Certificate2Collection roots) => this.roots = roots;

    public static ExtraAuthorities Read(string file)
    {
        var roots = new X509Certificate2Collection();
        try
        {
            roots.ImportFromPemFile(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new InvalidArgumentException($"The certificate authorities of '{file}' (CaFile, MORU_CA_FILE) cannot be read: {error.Message}", error);
        }

        return roots.Count > 0
            ? new ExtraAuthorities(roots)
            : throw new InvalidArgumentException($"'{file}' (CaFile, MORU_CA_FILE) holds no certificate; it must be a PEM file.");
    }

    public bool Trusts(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors is SslPolicyErrors.None) return true;
        if (errors is not SslPolicyErrors.RemoteCertificateChainErrors || certificate is not X509Certificate2 server) return false;
        using var own = new X509Chain
        {
            ChainPolicy =
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck, // a local authority publishes no revocations
                ApplicationPolicy = { new Oid(ServerAuthentication) },
            },
        };
        own.ChainPolicy.CustomTrustStore.AddRange(roots);
        if (chain is not null) own.ChainPolicy.ExtraStore.AddRange(chain.ChainPolicy.ExtraStore);
        return own.Build(server);
    }
}
