using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Moru.Server.Tests;

/// <summary>Web servers with TLS and a certificate that nobody should trust.</summary>
internal static class Tls
{
    private static readonly X509Certificate2 Certificate = Make();

    /// <summary>Answers one request with the name that the client asked for in its handshake.</summary>
    public static async Task AnswerAsync(Stream stream, CancellationToken cancellationToken)
    {
        await using var tls = new SslStream(stream);
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = Certificate }, cancellationToken);
        var request = new byte[4096];
        if (await tls.ReadAsync(request, cancellationToken) == 0) return;
        var name = tls.TargetHostName;
        await tls.WriteAsync(Encoding.Latin1.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {name.Length}\r\nConnection: close\r\n\r\n{name}"), cancellationToken);
    }

    private static X509Certificate2 Make()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }
}
