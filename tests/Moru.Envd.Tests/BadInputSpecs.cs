using System.Net;
using System.Net.Sockets;
using System.Text;
using Moru.Protocol;

namespace Moru.Envd.Tests;

public sealed class BadInputSpecs(LoopbackEnvd envd) : IClassFixture<LoopbackEnvd>
{
    [Theory]
    [InlineData("GET", "nothing", 404)]
    [InlineData("POST", "process.Process/Nothing", 404)]
    [InlineData("DELETE", "files", 405)]
    [InlineData("GET", "process.Process/List", 405)]
    public async Task What_is_not_offered_is_said_so(string method, string path, int status)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(envd.Address, path));
        using var response = await envd.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Contains($"\"code\":{status}", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("process.Process/List", "text/plain")]
    [InlineData("process.Process/Start", "application/json")]
    public async Task Another_encoding_is_refused(string path, string type)
    {
        using var response = await envd.PostAsync(path, type, "{}"u8.ToArray());

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    public static TheoryData<byte[], string> BrokenEnvelopes => new()
    {
        { [], "invalid_argument" },
        { [0, 0, 0], "invalid_argument" },
        { [0, 0, 0, 0, 9, (byte)'{'], "invalid_argument" },
        { [0, 0xFF, 0xFF, 0xFF, 0xFF, (byte)'{'], "resource_exhausted" },
        { [1, 0, 0, 0, 2, (byte)'{', (byte)'}'], "internal" },
    };

    [Theory]
    [MemberData(nameof(BrokenEnvelopes))]
    public async Task A_broken_envelope_is_refused_inside_the_stream(byte[] body, string code)
    {
        var end = Assert.Single(await envd.StartAsync(body));

        Assert.Equal((Envelope.EndStreamFlag, code), (end.Flags, end.ErrorCode));
    }

    [Fact]
    public async Task A_message_beyond_the_limit_is_refused()
    {
        var end = Assert.Single(await envd.StartAsync(new byte[9 << 20]));

        Assert.Equal("resource_exhausted", end.ErrorCode);
    }

    [Theory]
    [InlineData("process.Process/StreamInput", 1)]
    [InlineData("process.Process/Start", 9 << 20)]
    public async Task A_connection_lives_on_after_a_refusal(string path, int padding)
    {
        var connections = 0;
        using var http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancel) =>
            {
                Interlocked.Increment(ref connections);
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(context.DnsEndPoint, cancel);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
        var body = RawConnect.Envelope("""{"start":{"process":{"tag":"nobody"}}}""" + new string(' ', padding));
        for (var i = 0; i < 5; i++)
        {
            using var content = new ByteArrayContent(body) { Headers = { ContentType = new("application/connect+json") } };
            using var refused = await http.PostAsync(new Uri(envd.Address, path), content, TestContext.Current.CancellationToken);
            Assert.Contains("\"error\"", await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }

        Assert.Equal(1, connections);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("""{"process":7}""")]
    [InlineData("")]
    public async Task A_malformed_message_is_refused(string json)
    {
        var (status, body) = await envd.PostJsonAsync("process.Process/SendSignal", json);

        Assert.Equal((HttpStatusCode.BadRequest, "invalid_argument"), (status, body.GetProperty("code").GetString()));
    }

    [Theory]
    [InlineData("Bearer abc")]
    [InlineData("Basic %%%")]
    public async Task Credentials_of_another_kind_are_refused(string header)
    {
        var (status, body) = await envd.PostJsonAsync("filesystem.Filesystem/ListDir", "{}", ("Authorization", header));

        Assert.Equal((HttpStatusCode.Unauthorized, "unauthenticated"), (status, body.GetProperty("code").GetString()));
    }

    [Theory]
    [InlineData("rubbish\r\n\r\n", "400")]
    [InlineData("GET /health HTTP/1.1\r\n\r\n", "400")]
    public async Task Rubbish_is_answered_and_hurts_nobody(string request, string status)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(envd.Address.Host, envd.Address.Port, TestContext.Current.CancellationToken);
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(socket.GetStream());

        Assert.Contains(status, await reader.ReadLineAsync(TestContext.Current.CancellationToken));
        await envd.Client.HealthAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Endless_headers_are_refused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(envd.Address, "health"));
        request.Headers.Add("X-Padding", new string('x', 100_000));

        using var response = await envd.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task Unknown_flags_are_refused()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => Shell.RunAsync(Artifacts.Envd, "--nonsense"));

        Assert.Contains("usage: envd", error.Message);
    }

    [Fact]
    public async Task A_taken_port_is_named()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => Shell.RunAsync(Artifacts.Envd, "--port", $"{envd.Address.Port}"));

        Assert.Contains($"port {envd.Address.Port}", error.Message);
        Assert.DoesNotContain("   at ", error.Message);
    }
}
