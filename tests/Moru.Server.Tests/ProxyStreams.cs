using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;

namespace Moru.Server.Tests;

/// <summary>Bodies go through as they come, over HTTP/1.1 and, with TLS, over HTTP/2.</summary>
public sealed class ProxyStreams(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, int> Versions => new() { { "http", 1 }, { "https", 1 }, { "https", 2 } };

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_piece_of_an_upload_arrives_when_it_is_sent(string scheme, int version)
    {
        var first = new TaskCompletionSource<string?>();
        var url = await UrlAsync(scheme, async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            first.SetResult(await reader.ReadLineAsync());
            await context.Response.WriteAsync($"{context.Request.Protocol} {await reader.ReadToEndAsync()}");
        });
        var pieces = Channel.CreateUnbounded<string>();
        using var request = Request(HttpMethod.Post, url, version);
        request.Content = new Pieces(pieces.Reader);
        var call = SendAsync(request);

        pieces.Writer.TryWrite("first\n");
        Assert.Equal("first", await first.Task.WaitAsync(Eventually.Limit, Cancel));
        pieces.Writer.TryWrite("second");
        pieces.Writer.Complete();
        using var response = await call;

        Assert.Equal("HTTP/1.1 second", await response.Content.ReadAsStringAsync(Cancel));
        Assert.Equal(version, response.Version.Major);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_piece_of_an_answer_arrives_when_it_is_sent(string scheme, int version)
    {
        var seen = new TaskCompletionSource();
        var url = await UrlAsync(scheme, async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync("data: first\n\n");
            await context.Response.Body.FlushAsync();
            await seen.Task;
        });
        using var request = Request(HttpMethod.Get, url, version);
        using var response = await SendAsync(request);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancel));

        Assert.Equal("data: first", await reader.ReadLineAsync(Cancel).AsTask().WaitAsync(Eventually.Limit, Cancel));
        seen.SetResult();
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_client_that_leaves_is_noticed_by_the_server(string scheme, int version)
    {
        var (reached, left) = (new TaskCompletionSource(), new TaskCompletionSource());
        var url = await UrlAsync(scheme, async context =>
        {
            using var gone = context.RequestAborted.Register(() => left.TrySetResult());
            reached.SetResult();
            await left.Task;
        });
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        using var request = Request(HttpMethod.Get, url, version);
        var call = Client(scheme).SendAsync(request, leave.Token);

        await reached.Task.WaitAsync(Eventually.Limit, Cancel);
        await leave.CancelAsync();

        await left.Task.WaitAsync(Eventually.Limit, Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [Fact]
    public async Task Trailers_pass_where_the_clients_protocol_has_them()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var read = new TaskCompletionSource();
        var answering = Task.Run(async () =>
        {
            using var client = await server.AcceptTcpClientAsync(Cancel);
            Assert.True(await client.GetStream().ReadAsync(new byte[4096], Cancel) > 0);
            await client.GetStream().WriteAsync("HTTP/1.1 200 OK\r\nTrailer: X-Digest\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nX-Digest: abc\r\n\r\n"u8.ToArray(), Cancel);
            await read.Task;
        }, Cancel);
        var sandbox = await proxy.CreateAsync();
        using var request = Request(HttpMethod.Get, sandbox.Url("https", ((IPEndPoint)server.LocalEndpoint).Port), 2);
        using var response = await SendAsync(request);

        Assert.Equal("body", await response.Content.ReadAsStringAsync(Cancel));
        Assert.Equal("abc", response.TrailingHeaders.GetValues("X-Digest").Single());
        read.SetResult();
        await answering;
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Answers_without_a_body_keep_their_headers(string scheme, int version)
    {
        var url = await UrlAsync(scheme, context =>
        {
            context.Response.Headers.ETag = "\"1\"";
            context.Response.Headers.Append("Set-Cookie", "a=1");
            context.Response.Headers.Append("Set-Cookie", "b=2");
            if (HttpMethods.IsHead(context.Request.Method)) context.Response.ContentLength = 12345;
            else context.Response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        });
        using var head = Request(HttpMethod.Head, url, version);
        using var get = Request(HttpMethod.Get, url, version);
        using var headed = await SendAsync(head);
        using var unchanged = await SendAsync(get);

        Assert.Equal((HttpStatusCode.OK, 12345L), (headed.StatusCode, headed.Content.Headers.ContentLength));
        Assert.Equal((HttpStatusCode.NotModified, "\"1\""), (unchanged.StatusCode, unchanged.Headers.ETag!.Tag));
        Assert.Equal(["a=1", "b=2"], unchanged.Headers.GetValues("Set-Cookie"));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Compressed_bodies_are_left_alone(string scheme, int version)
    {
        byte[] body = [31, 139, 1, 2, 3];
        var url = await UrlAsync(scheme, async context =>
        {
            context.Response.Headers.ContentEncoding = "gzip";
            context.Response.Headers["X-Accepted"] = context.Request.Headers.AcceptEncoding;
            await context.Response.Body.WriteAsync(body);
        });
        using var request = Request(HttpMethod.Get, url, version);
        using var response = await SendAsync(request);

        Assert.Equal(body, await response.Content.ReadAsByteArrayAsync(Cancel));
        Assert.False(response.Headers.TryGetValues("X-Accepted", out var accepted) && accepted.Any(value => value.Length > 0));
    }

    [Fact]
    public async Task A_client_that_waits_for_100_continue_gets_it_before_the_body_and_not_when_the_server_refuses()
    {
        var sandbox = await proxy.CreateAsync();
        var port = await proxy.ServeAsync(async context =>
        {
            if (context.Request.Path == "/refuse") context.Response.StatusCode = 413;
            else await context.Response.WriteAsync(await new StreamReader(context.Request.Body).ReadToEndAsync());
        });
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, proxy.Server.HttpUrl!.Port, Cancel);
        using var reader = new StreamReader(tcp.GetStream(), Encoding.Latin1);
        await tcp.GetStream().WriteAsync(Encoding.Latin1.GetBytes($"POST / HTTP/1.1\r\nHost: {sandbox.Host(port)}\r\nExpect: 100-continue\r\nContent-Length: 4\r\nConnection: close\r\n\r\n"), Cancel);

        Assert.Equal("HTTP/1.1 100 Continue", await reader.ReadLineAsync(Cancel).AsTask().WaitAsync(Eventually.Limit, Cancel));
        await tcp.GetStream().WriteAsync("body"u8.ToArray(), Cancel);
        Assert.Contains("body", await reader.ReadToEndAsync(Cancel), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Web_sockets_echo(string scheme, int version)
    {
        var url = await UrlAsync(scheme, async context =>
        {
            using var accepted = await context.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[100];
            var message = await accepted.ReceiveAsync(buffer.AsMemory(), Cancel);
            await accepted.SendAsync(buffer.AsMemory(0, message.Count), WebSocketMessageType.Text, true, Cancel);
            await accepted.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancel);
        });
        using var socket = new ClientWebSocket { Options = { HttpVersion = new Version(version, version == 1 ? 1 : 0), HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact } };
        await socket.ConnectAsync(new UriBuilder(url) { Scheme = scheme == "http" ? "ws" : "wss" }.Uri, Client(scheme), Cancel);

        await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, Cancel);
        var answer = new byte[100];
        var received = await socket.ReceiveAsync(answer.AsMemory(), Cancel);

        Assert.Equal("hello", Encoding.UTF8.GetString(answer, 0, received.Count));
    }

    [Fact]
    public async Task A_server_that_hangs_up_without_an_answer_is_told_apart_from_a_closed_port()
    {
        var url = await UrlAsync("http", context =>
        {
            context.Abort();
            return Task.CompletedTask;
        });

        using var response = await proxy.Plain.GetAsync(url, Cancel);

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Contains("broke off without a valid answer", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Servers_are_connected_to_anew_and_agents_are_not()
    {
        var sandbox = await proxy.CreateAsync();
        var connections = new HashSet<string>();
        var port = await proxy.ServeAsync(context =>
        {
            lock (connections) connections.Add(context.Connection.Id);
            Assert.False(context.Request.Headers.ContainsKey("Connection"));
            return Task.CompletedTask;
        });

        for (var i = 0; i < 3; i++) (await proxy.Plain.GetAsync(sandbox.Url("http", port), Cancel)).Dispose();

        Assert.Equal(3, connections.Count);
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Modern_tls_is_spoken(SslProtocols protocol)
    {
        var answer = await proxy.RawTlsAsync("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", protocol);

        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
    }

    private async Task<Uri> UrlAsync(string scheme, RequestDelegate answer)
    {
        var sandbox = await proxy.CreateAsync();
        return sandbox.Url(scheme, await proxy.ServeAsync(answer));
    }

    private HttpClient Client(string scheme) => scheme == "http" ? proxy.Plain : proxy.Secure;

    private static HttpRequestMessage Request(HttpMethod method, Uri url, int version) =>
        new(method, url) { Version = new Version(version, version == 1 ? 1 : 0), VersionPolicy = HttpVersionPolicy.RequestVersionExact };

    private Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) =>
        Client(request.RequestUri!.Scheme).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel).WaitAsync(Eventually.Limit, Cancel);

    /// <summary>Sends each piece at once.</summary>
    private sealed class Pieces(ChannelReader<string> pieces) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.FlushAsync();
            await foreach (var piece in pieces.ReadAllAsync())
            {
                await stream.WriteAsync(Encoding.UTF8.GetBytes(piece));
                await stream.FlushAsync();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
