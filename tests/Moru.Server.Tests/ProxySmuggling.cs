using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Moru.Server.Tests;

/// <summary>
/// Requests whose end two parties could see at different places. What arrives behind the proxy is one request for each that the proxy
/// saw, and unambiguous.
/// </summary>
public sealed class ProxySmuggling(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    private const string Hidden = "GET /hidden HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello")]
    [InlineData("a list of lengths", "Content-Length: 5, 6\r\n\r\nhello")]
    [InlineData("a negative length", "Content-Length: -5\r\n\r\nhello")]
    [InlineData("a folded header", "X-A: b\r\n Content-Length: 5\r\n\r\nhello")]
    [InlineData("a space before the colon", "Content-Length : 5\r\n\r\nhello")]
    [InlineData("a bare carriage return", "X-A: b\rContent-Length: 5\r\n\r\nhello")]
    [InlineData("a zero byte", "X-A: b\0c\r\n\r\n")]
    [InlineData("an unknown coding last", "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n")]
    [InlineData("a coding that is misspelt", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n")]
    [InlineData("a chunk size that is no number", "Transfer-Encoding: chunked\r\n\r\nxyz\r\nhello\r\n0\r\n\r\n")]
    [InlineData("a chunk size that overflows", "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n")]
    [InlineData("a chunk with a bare line feed", "Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n")]
    [InlineData("a chunk extension with a bare line feed", "Transfer-Encoding: chunked\r\n\r\n5;a\nhello\r\n0\r\n\r\n")]
    [InlineData("a chunk that is longer than it says", "Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n")]
    public async Task An_ambiguous_request_is_refused_and_nothing_hidden_passes(string what, string rest)
    {
        var (answer, seen) = await SendAsync("POST", rest + Hidden);

        Assert.True(answer.StartsWith("HTTP/1.1 400", StringComparison.Ordinal), $"{what}: {answer}");
        Assert.All(seen, request => Assert.DoesNotContain("GET /hidden", request, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("both a length and chunks", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("chunks and a length", "Transfer-Encoding: chunked\r\nContent-Length: 50\r\n\r\n5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("a chunk extension", "Transfer-Encoding: chunked\r\n\r\n5;name=\"a;b\"\r\nhello\r\n0\r\n\r\n")]
    [InlineData("a signed length", "Content-Length: +5\r\n\r\nhello")]
    [InlineData("a bare line feed", "X-A: b\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("chunks in capitals", "TRANSFER-ENCODING: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")]
    public async Task What_passes_is_framed_anew_and_the_next_request_goes_where_it_says(string what, string rest)
    {
        // The next names no host of a sandbox, so it must not get to one.
        var (answer, seen) = await SendAsync("POST", rest + Hidden);

        var request = Assert.Single(seen);
        Assert.True(answer.StartsWith("HTTP/1.1 ", StringComparison.Ordinal), $"{what}: {answer}");
        Assert.DoesNotContain("hidden", request, StringComparison.Ordinal);
        Assert.Matches("^(Content-Length: [0-9]+|Transfer-Encoding: chunked)$", Assert.Single(Framings(request)));
        Assert.DoesNotMatch("(?<!\r)\n", request);
    }

    [Theory]
    [InlineData("GET http://other.example/ HTTP/1.1")]
    [InlineData("GET http://127.0.0.1:2375/ HTTP/1.1")]
    [InlineData("CONNECT 127.0.0.1:2375 HTTP/1.1")]
    public async Task Another_target_in_the_request_line_is_refused(string line)
    {
        var sandbox = await proxy.CreateAsync();
        var answer = await proxy.RawAsync($"{line}\r\nHost: {sandbox.Host(80)}\r\nConnection: close\r\n\r\n");

        Assert.Matches("^HTTP/1.1 40[0-9] ", answer);
    }

    [Fact]
    public async Task A_path_and_a_query_pass_as_they_were_written()
    {
        foreach (var path in new[] { "/a%2Fb/%2e%2e/../c?q=a+b%20c&x", "//double//slash?", "/a;b=c/%C3%BC[|]?%00", "/" })
        {
            var (_, seen) = await SendAsync("GET", "Connection: close\r\n\r\n", path);
            Assert.StartsWith($"GET {path} HTTP/1.1\r\n", Assert.Single(seen), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("/a\rb")]
    [InlineData("/a\u0001b")]
    [InlineData("/a\tb")]
    public async Task A_control_character_in_a_path_does_not_pass_as_it_is(string path)
    {
        var (_, seen) = await SendAsync("GET", "Connection: close\r\n\r\n", path);

        Assert.All(seen, request => Assert.DoesNotContain(path, request, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Headers_that_never_end_are_cut_off()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, proxy.Server.HttpUrl!.Port, Cancel);
        await client.GetStream().WriteAsync("GET / HTTP/1.1\r\nHost: localhost\r\nX-A"u8.ToArray(), Cancel);
        using var reader = new StreamReader(client.GetStream());

        Assert.StartsWith("HTTP/1.1 408", await reader.ReadToEndAsync(Cancel).WaitAsync(Eventually.Limit, Cancel), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 40_000)]
    [InlineData(200, 10)]
    public async Task Too_many_headers_are_refused(int count, int length)
    {
        var headers = string.Concat(Enumerable.Range(0, count).Select(i => $"X-{i}: {new string('a', length)}\r\n"));

        Assert.StartsWith("HTTP/1.1 431", await proxy.RawAsync($"GET / HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n"), StringComparison.Ordinal);
    }

    private static IEnumerable<string> Framings(string request) => request.Split("\r\n\r\n")[0].Split("\r\n")
        .Where(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase) || line.StartsWith("Transfer-Encoding:", StringComparison.OrdinalIgnoreCase));

    /// <returns>What the client was answered, and what each connection to the server in the sandbox carried.</returns>
    private async Task<(string Answer, IReadOnlyList<string> Seen)> SendAsync(string method, string rest, string path = "/")
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var recording = RecordAsync(server, stop.Token);
        var sandbox = await proxy.CreateAsync();
        var answer = await proxy.RawAsync($"{method} {path} HTTP/1.1\r\nHost: {sandbox.Host(((IPEndPoint)server.LocalEndpoint).Port)}\r\n{rest}");
        await stop.CancelAsync();
        return (answer, await recording);
    }

    private static async Task<IReadOnlyList<string>> RecordAsync(TcpListener server, CancellationToken stop)
    {
        var connections = new List<Task<string>>();
        try
        {
            while (true) connections.Add(AnswerAsync(await server.AcceptTcpClientAsync(stop), stop));
        }
        catch (OperationCanceledException)
        {
            return await Task.WhenAll(connections);
        }
    }

    /// <summary>Answers at once and goes on to read, as a server does that takes what follows for the next request.</summary>
    private static async Task<string> AnswerAsync(TcpClient client, CancellationToken stop)
    {
        using var owned = client;
        var seen = new StringBuilder();
        var buffer = new byte[4096];
        var answered = false;
        try
        {
            for (int count; (count = await client.GetStream().ReadAsync(buffer, stop)) > 0;)
            {
                seen.Append(Encoding.Latin1.GetString(buffer, 0, count));
                if (answered || !seen.ToString().Contains("\r\n\r\n", StringComparison.Ordinal)) continue;
                await client.GetStream().WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"u8.ToArray(), stop);
                answered = true;
            }
        }
        catch (Exception error) when (error is OperationCanceledException or IOException)
        {
            // The proxy hung up, or the test is over.
        }

        return seen.ToString();
    }
}
