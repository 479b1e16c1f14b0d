using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Time.Testing;

namespace Moru.Server.Tests;

public sealed class AuthoritySpecs : IDisposable
{
    private const string Domain = "moru.localhost";

    private readonly TemporaryDirectory directory = new();
    private readonly FakeTimeProvider clock = new(TimeProvider.System.GetUtcNow());

    private string AuthorityFile => Path.Combine(directory.Path, "ca.pem");

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("moru.localhost")]
    [InlineData("api.moru.localhost")]
    [InlineData("49983-iabcdefghij0123456789.moru.localhost")]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void Its_certificate_stands_for_every_name_of_the_server(string name)
    {
        using var authority = Open();
        using var root = X509CertificateLoader.LoadCertificateFromFile(AuthorityFile);
        var certificate = authority.ServerCertificate();
        using var chain = new X509Chain { ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { root }, RevocationMode = X509RevocationMode.NoCheck } };

        Assert.True(chain.Build(certificate), string.Join(", ", chain.ChainStatus.Select(status => status.StatusInformation)));
        Assert.True(certificate.MatchesHostname(name));
    }

    [Theory]
    [InlineData("example.com", "DNS:example.com")]
    [InlineData("moru.localhost.example.com", "DNS:moru.localhost.example.com")]
    [InlineData("192.0.2.1", "IP:192.0.2.1")]
    public async Task It_cannot_vouch_for_a_name_that_is_not_the_servers(string name, string alternative)
    {
        using var authority = Open();
        var leaf = await SignAsync(alternative);

        var (exit, said) = await RunAsync("openssl", "verify", "-CAfile", AuthorityFile, leaf);

        Assert.NotEqual(0, exit);
        Assert.Contains("permitted subtree violation", said, StringComparison.Ordinal);
        Assert.Contains("permitted subtree violation", await NodeAsync(leaf, name), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenSSL_and_Node_take_what_it_vouches_for()
    {
        using var authority = Open();
        var leaf = await SignAsync("DNS:8000-iabc.moru.localhost");

        Assert.Equal(0, (await RunAsync("openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", AuthorityFile, leaf)).Exit);
        Assert.Equal("trusted", await NodeAsync(leaf, "8000-iabc.moru.localhost"));
    }

    [Fact]
    public void Its_key_is_readable_by_its_owner_alone()
    {
        Open().Dispose();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(directory.Path, "ca-key.pem")));
    }

    [Fact]
    public void It_stays_the_same_when_the_server_starts_again()
    {
        Open().Dispose();
        var before = File.ReadAllText(AuthorityFile);
        clock.Advance(TimeSpan.FromDays(3000));
        Open().Dispose();

        Assert.Equal(before, File.ReadAllText(AuthorityFile));
    }

    [Fact]
    public void It_is_made_anew_before_it_runs_out_and_for_another_domain()
    {
        Open().Dispose();
        var first = File.ReadAllText(AuthorityFile);
        Open("sandboxes.example.com").Dispose();
        var second = File.ReadAllText(AuthorityFile);
        clock.Advance(TimeSpan.FromDays(3600));
        Open("sandboxes.example.com").Dispose();

        Assert.Equal(3, new HashSet<string> { first, second, File.ReadAllText(AuthorityFile) }.Count);
    }

    [Fact]
    public void A_certificate_is_renewed_when_half_of_its_life_is_over()
    {
        using var authority = Open();
        var first = authority.ServerCertificate();
        clock.Advance(TimeSpan.FromDays(44));
        Assert.Same(first, authority.ServerCertificate());
        clock.Advance(TimeSpan.FromDays(2));

        Assert.True(authority.ServerCertificate().NotAfter > first.NotAfter);
    }

    [Theory]
    [InlineData("ca-key.pem", "")]
    [InlineData("ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA")]
    public void What_is_damaged_is_replaced(string file, string content)
    {
        Open().Dispose();
        File.WriteAllText(Path.Combine(directory.Path, file), content);

        using var authority = Open();

        Assert.True(authority.ServerCertificate().HasPrivateKey);
    }

    [Fact]
    public void A_key_without_its_certificate_as_a_killed_server_leaves_it_is_replaced()
    {
        Open().Dispose();
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        File.WriteAllText(Path.Combine(directory.Path, "ca-key.pem"), other.ExportPkcs8PrivateKeyPem());

        using var authority = Open();

        Assert.True(authority.ServerCertificate().HasPrivateKey);
    }

    [Fact]
    public void The_bundle_is_what_the_machine_trusts_and_the_authority_once()
    {
        Open().Dispose();
        Open("sandboxes.example.com").Dispose();
        Open().Dispose();
        var bundle = new X509Certificate2Collection();
        bundle.ImportFromPemFile(Path.Combine(directory.Path, "ca-bundle.pem"));
        using var store = new X509Store(StoreName.Root, StoreLocation.LocalMachine, OpenFlags.ReadOnly);

        Assert.Single(bundle, root => root.Subject.Contains("Moru local authority", StringComparison.Ordinal));
        Assert.Equal(store.Certificates.Count + 1, bundle.Count);
    }

    [Fact]
    public void A_domain_of_full_length_is_vouched_for()
    {
        var domain = string.Join('.', Enumerable.Repeat("a23456789012345678901234567890", 6));
        using var authority = Open(domain);

        Assert.True(authority.ServerCertificate().MatchesHostname("80-iabc." + domain));
        Open(domain).Dispose();
    }

    private LocalAuthority Open(string domain = Domain) => LocalAuthority.Open(directory.Path, domain, clock);

    /// <summary>Signs as a thief of the key would.</summary>
    private async Task<string> SignAsync(string alternative)
    {
        var (key, request, leaf, extensions) = (InDirectory("leaf-key.pem"), InDirectory("leaf.csr"), InDirectory("leaf.pem"), InDirectory("leaf.cnf"));
        await File.WriteAllTextAsync(extensions, $"subjectAltName={alternative}\nauthorityKeyIdentifier=keyid\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n");
        await SucceedAsync("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", request, "-subj", "/CN=thief");
        await SucceedAsync("openssl", "x509", "-req", "-in", request, "-CA", AuthorityFile, "-CAkey", InDirectory("ca-key.pem"), "-CAcreateserial", "-days", "2", "-extfile", extensions, "-out", leaf);
        return leaf;
    }

    /// <summary>Shakes hands with itself; Node brings an OpenSSL of its own.</summary>
    private async Task<string> NodeAsync(string leaf, string name)
    {
        const string Script = """
            const [ca, cert, key, name] = process.argv.slice(1), tls = require('tls'), fs = require('fs')
            const server = tls.createServer({ cert: fs.readFileSync(cert), key: fs.readFileSync(key) }).on('tlsClientError', () => {}).listen(0, '127.0.0.1', () => {
              const options = { ca: fs.readFileSync(ca), port: server.address().port, host: '127.0.0.1', servername: /^[0-9.]+$/.test(name) ? '' : name, checkServerIdentity: (_, peer) => tls.checkServerIdentity(name, peer) }
              const end = word => { console.log(word); process.exit(0) }
              tls.connect(options, () => end('trusted')).on('error', error => end(error.message))
            })
            """;
        return (await RunAsync("node", "-e", Script, AuthorityFile, leaf, InDirectory("leaf-key.pem"), name)).Said.Trim();
    }

    private string InDirectory(string name) => Path.Combine(directory.Path, name);

    private static async Task SucceedAsync(params string[] command)
    {
        var (exit, said) = await RunAsync(command);
        Assert.True(exit == 0, said);
    }

    private static async Task<(int Exit, string Said)> RunAsync(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await errors);
    }
}
