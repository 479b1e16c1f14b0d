using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Moru.Runtime;

namespace Moru.Server;

/// <summary>
/// A certificate authority of this server's own, kept in the data directory, so that sandbox host names have TLS on a machine
/// without certificates. It is constrained to the server's domain and to loopback: whoever trusts it trusts it for nothing else
/// (RFC 5280, section 4.2.1.10).
/// </summary>
internal sealed class LocalAuthority : IDisposable
{
    /// <summary>File of the authority's certificate, for clients to trust.</summary>
    public const string CertificateName = "ca.pem";

    /// <summary>File of the certificate and those that this machine trusts, for clients that take one file in place of the machine's.</summary>
    public const string BundleName = "ca-bundle.pem";

    private const string KeyName = "ca-key.pem";
    private const string SubjectPrefix = "Moru local authority for ";
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const int NameConstraintsTagDns = 2, NameConstraintsTagIp = 7;
    private const UnixFileMode Public = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private static readonly TimeSpan AuthorityLife = TimeSpan.FromDays(3650), ServerLife = TimeSpan.FromDays(90), Skew = TimeSpan.FromHours(1);

    private readonly X509Certificate2 authority;
    private readonly string domain;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private X509Certificate2? current;

    private LocalAuthority(X509Certificate2 authority, string domain, TimeProvider time)
    {
        this.authority = authority;
        this.domain = domain;
        this.time = time;
    }

    /// <summary>Reads the authority of the directory; makes one when there is none, it has run out, or it is for another domain.</summary>
    /// <param name="directory">The data directory.</param>
    /// <param name="domain">Domain of the API and of sandbox hosts, without a port.</param>
    /// <param name="time">Clock.</param>
    public static LocalAuthority Open(string directory, string domain, TimeProvider time)
    {
        var (certificateFile, keyFile) = (Path.Combine(directory, CertificateName), Path.Combine(directory, KeyName));
        var authority = ReadOrDefault(certificateFile, keyFile);
        if (authority is null || authority.NotAfter - ServerLife <= time.GetLocalNow() || !IsFor(authority, domain))
        {
            authority?.Dispose();
            authority = MakeAuthority(domain, time.GetUtcNow());
            using var key = authority.GetECDsaPrivateKey()!;
            // The key first: a certificate without its key would be trusted by clients and be of no use.
            DataFile.Write(keyFile, key.ExportPkcs8PrivateKeyPem(), DataFile.Private);
            DataFile.Write(certificateFile, authority.ExportCertificatePem(), Public);
        }

        // Each time, since what the machine trusts changes.
        DataFile.Write(Path.Combine(directory, BundleName), Roots() + "\n" + authority.ExportCertificatePem(), Public);
        return new LocalAuthority(authority, domain, time);
    }

    /// <summary>A certificate for the domain, all names below it, and loopback; a new one when half of its life is over.</summary>
    public X509Certificate2 ServerCertificate()
    {
        lock (gate)
        {
            var now = time.GetUtcNow();
            // One handed out before may still be in use by a handshake; it is left to the collector.
            if (current is null || current.NotAfter - ServerLife / 2 < now.LocalDateTime) current = MakeServer(now);
            return current;
        }
    }

    public void Dispose()
    {
        authority.Dispose();
        current?.Dispose();
    }

    private static X509Certificate2? ReadOrDefault(string certificateFile, string keyFile)
    {
        try
        {
            return X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
        }
        catch (Exception failure) when (failure is CryptographicException or FileNotFoundException or ArgumentException)
        {
            return null; // missing, damaged, or the key of another: a server was killed between writing the two
        }
    }

    private static bool IsFor(X509Certificate2 certificate, string domain) => certificate.Subject == Subject(domain).Name;

    private static X500DistinguishedName Subject(string domain)
    {
        var name = new X500DistinguishedNameBuilder();
        name.AddOrganizationName("Moru");
        name.AddCommonName(SubjectPrefix + domain);
        return name.Build();
    }

    private static X509Certificate2 MakeAuthority(string domain, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(Subject(domain), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], false));
        request.CertificateExtensions.Add(NameConstraints([domain, "localhost"], [(IPAddress.Parse("127.0.0.0"), 8), (IPAddress.IPv6Loopback, 128)]));
        return request.CreateSelfSigned(now - Skew, now + AuthorityLife);
    }

    private X509Certificate2 MakeServer(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Moru", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (var name in (string[])[domain, "*." + domain, "localhost"]) names.AddDnsName(name);
        foreach (var address in (IPAddress[])[IPAddress.Loopback, IPAddress.IPv6Loopback]) names.AddIpAddress(address);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));

        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7F; // a serial number is positive
        using var certificate = request.Create(authority, now - Skew, now + ServerLife, serial);
        return certificate.CopyWithPrivateKey(key);
    }

    private static X509Extension NameConstraints(string[] names, (IPAddress Network, int Prefix)[] networks)
    {
        var asn = new AsnWriter(AsnEncodingRules.DER);
        using (asn.PushSequence())
        using (asn.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
        {
            foreach (var name in names)
                using (asn.PushSequence()) asn.WriteCharacterString(UniversalTagNumber.IA5String, name, new Asn1Tag(TagClass.ContextSpecific, NameConstraintsTagDns));
            foreach (var (network, prefix) in networks)
                using (asn.PushSequence()) asn.WriteOctetString([.. network.GetAddressBytes(), .. Mask(network, prefix)], new Asn1Tag(TagClass.ContextSpecific, NameConstraintsTagIp));
        }

        return new X509Extension("2.5.29.30", asn.Encode(), critical: true);
    }

    private static byte[] Mask(IPAddress network, int prefix)
    {
        var mask = new byte[network.GetAddressBytes().Length];
        for (var bit = 0; bit < prefix; bit++) mask[bit / 8] |= (byte)(0x80 >> (bit % 8));
        return mask;
    }

    /// <summary>What this machine trusts, except authorities of ours: a bundle that the environment names may hold old ones.</summary>
    private static string Roots()
    {
        using var store = new X509Store(StoreName.Root, StoreLocation.LocalMachine);
        store.Open(OpenFlags.ReadOnly);
        return string.Join('\n', store.Certificates.Where(root => !root.Subject.Contains(SubjectPrefix, StringComparison.Ordinal)).Select(root => root.ExportCertificatePem()));
    }
}
