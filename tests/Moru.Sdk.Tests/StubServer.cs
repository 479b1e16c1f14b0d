using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Moru.Sdk.Tests;

/// <summary>
/// Answers each HTTP request with what a function says, for answers a real server gives rarely or not yet. One connection a request;
/// null for an answer cuts the connection off.
/// </summary>
internal sealed class StubServer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly Func<string, string?> answer;
    private readonly X509Certificate2? certificate;
    private readonly CancellationTokenSource stop = new();
    private readonly Task accepting;

    public StubServer(Func<string, string?> answer, X509Certificate2? certificate = null)
    {
        (this.answer, this.certificate) = (answer, certificate);
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>The heads of all requests, with their bodies.</summary>
    public List<string> Requests { get; } = [];

    public static string Ok(string json, string headers = "") =>
        $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(json)}\r\nConnection: close\r\n{headers}\r\n{json}";

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Dispose();
        await accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            using var client = await listener.AcceptTcpClientAsync(stop.Token);
            try
            {
                await ServeAsync(client);
            }
            catch (Exception error) when (error is IOException or System.Security.Authentication.AuthenticationException)
            {
                // The client does not trust the certificate, or has left.
            }
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        Stream stream = client.GetStream();
        if (certificate is not null)
        {
            var secure = new SslStream(stream);
            await secure.AuthenticateAsServerAsync(certificate);
            stream = secure;
        }

        await using (stream)
        {
            var reader = new StreamReader(stream, Encoding.Latin1); // a body may be anything, and its length counts bytes
            var request = new StringBuilder();
            var length = 0;
            while (await reader.ReadLineAsync(stop.Token) is { Length: > 0 } line)
            {
                request.Append(line).Append('\n');
                if (line.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase)) length = int.Parse(line[16..], System.Globalization.CultureInfo.InvariantCulture);
            }

            var body = new char[length];
            if (length > 0) await reader.ReadBlockAsync(body, stop.Token);
            Requests.Add(request.Append('\n').Append(body).ToString());
            if (answer(Requests[^1]) is { } text) await stream.WriteAsync(Encoding.UTF8.GetBytes(text), stop.Token);
        }
    }
}
