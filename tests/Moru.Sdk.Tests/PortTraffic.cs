using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text.Json;

namespace Moru.Sdk.Tests;

/// <summary>Servers in sandboxes are reached through the proxy, whatever they are bound to.</summary>
public abstract class PortTraffic : IAsyncLifetime
{
    private const int Port = 8100;
    private const int Megabytes = 64;

    // Answers as HTTP/1.0, where the end of the connection is the end of the body.
    private const string Server =
        """
        import base64, hashlib, http.server, sys, time

        class Handler(http.server.BaseHTTPRequestHandler):
            def begin(self, kind):
                self.send_response(200); self.send_header("Content-Type", kind); self.end_headers()

            def do_GET(self):
                if self.path == "/echo": return self.echo()
                self.begin("text/event-stream" if self.path == "/events" else "application/octet-stream")
                if self.path == "/large":
                    for _ in range(64): self.wfile.write(b"x" * (1 << 20))
                if self.path == "/events":
                    self.wfile.write(b"data: first\n\n"); self.wfile.flush(); self.rfile.read(1)

            def do_POST(self):
                rest, digest = int(self.headers["Content-Length"]), hashlib.sha256()
                while rest > 0:
                    data = self.rfile.read(min(rest, 1 << 16)); digest.update(data); rest -= len(data)
                self.begin("text/plain"); self.wfile.write(digest.hexdigest().encode())

            def echo(self):
                key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
                accept = base64.b64encode(hashlib.sha1(key.encode()).digest())
                self.wfile.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")
                while len(head := self.rfile.read(2)) == 2 and head[0] & 15 != 8:
                    mask, size = self.rfile.read(4), head[1] & 127
                    data = bytes(byte ^ mask[i % 4] for i, byte in enumerate(self.rfile.read(size)))
                    self.wfile.write(bytes([0x81, size]) + data); self.wfile.flush()

        http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
        """;

    private readonly ServerFixture fixture;
    private readonly HttpClient http;
    private Sandbox sandbox = null!;

    protected PortTraffic(ServerFixture fixture)
    {
        this.fixture = fixture;
        http = new HttpClient(Handler(), disposeHandler: true);
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        sandbox = await fixture.Client.CreateSandboxAsync(cancellationToken: Cancelled);

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await sandbox.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("::1")]
    public async Task A_server_is_reached_whatever_address_it_is_bound_to(string address)
    {
        await LaunchAsync($"python3 -m http.server --bind {address} {Port}");

        await Eventually.TrueAsync(async () => await StatusAsync() == HttpStatusCode.OK, $"a server on {address} answers");
    }

    [Fact]
    public async Task A_server_bound_to_the_sandboxs_own_address_is_reached()
    {
        await LaunchAsync($"python3 -m http.server --bind $(hostname -i) {Port}");

        await Eventually.TrueAsync(async () => await StatusAsync() == HttpStatusCode.OK, "the server answers");
    }

    [Fact]
    public async Task A_web_socket_echoes()
    {
        await LaunchServerAsync();
        using var socket = new ClientWebSocket();
        using var handler = new HttpMessageInvoker(Handler());
        await socket.ConnectAsync(new Uri(Url("ws", "/echo")), handler, Cancelled);
        var answer = new byte[100];

        foreach (var word in new[] { "one", "two" })
        {
            await socket.SendAsync(System.Text.Encoding.UTF8.GetBytes(word), WebSocketMessageType.Text, endOfMessage: true, Cancelled);
            var received = await socket.ReceiveAsync(answer.AsMemory(), Cancelled);

            Assert.Equal(word, System.Text.Encoding.UTF8.GetString(answer, 0, received.Count));
        }
    }

    [Fact]
    public async Task Events_arrive_while_the_response_goes_on()
    {
        await LaunchServerAsync();

        using var response = await http.GetAsync(new Uri(Url("http", "/events")), HttpCompletionOption.ResponseHeadersRead, Cancelled);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancelled));

        Assert.Equal("data: first", await reader.ReadLineAsync(Cancelled));
    }

    [Fact]
    public async Task Large_bodies_pass_whole_in_both_directions()
    {
        await LaunchServerAsync();
        var sent = new byte[Megabytes << 20];
        new Random(1).NextBytes(sent);

        using var response = await http.PostAsync(new Uri(Url("http", "/")), new ByteArrayContent(sent), Cancelled);
        var received = await http.GetByteArrayAsync(new Uri(Url("http", "/large")), Cancelled);

        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(sent)), await response.Content.ReadAsStringAsync(Cancelled));
        Assert.Equal(Megabytes << 20, received.Length);
    }

    [Fact]
    public async Task A_server_that_binds_late_is_waited_for()
    {
        const string Late =
            """
            import http.server, os, time
            os.mkdir("/tmp/ready")
            while not os.path.exists("/tmp/go"): time.sleep(0.01)
            time.sleep(0.3)
            http.server.HTTPServer(("127.0.0.1", 8100), http.server.SimpleHTTPRequestHandler).serve_forever()
            """;
        await sandbox.Files.WriteAsync("/tmp/late.py", Late, cancellationToken: Cancelled);
        await LaunchAsync("python3 /tmp/late.py");
        await sandbox.Commands.RunAsync("until [ -e /tmp/ready ]; do sleep 0.01; done; touch /tmp/go", cancellationToken: Cancelled);

        Assert.Equal(HttpStatusCode.OK, await StatusAsync());
    }

    [Fact]
    public async Task Nothing_that_listens_is_a_closed_port()
    {
        using var response = await http.GetAsync(new Uri(Url("http", "/")), Cancelled);

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Equal("The sandbox is running but port is not open", (await response.Content.ReadFromJsonAsync<JsonElement>(Cancelled)).GetProperty("message").GetString());
    }

    [Fact]
    public async Task A_connection_kept_open_does_not_outlive_its_sandbox()
    {
        await LaunchServerAsync();
        await sandbox.KillAsync(Cancelled);

        using var response = await http.GetAsync(new Uri(Url("http", "/")), Cancelled);

        Assert.Equal("The sandbox was not found", (await response.Content.ReadFromJsonAsync<JsonElement>(Cancelled)).GetProperty("message").GetString());
    }

    private async Task LaunchServerAsync()
    {
        await sandbox.Files.WriteAsync("/tmp/server.py", Server, cancellationToken: Cancelled);
        await LaunchAsync($"python3 /tmp/server.py {Port}");
        await Eventually.TrueAsync(async () => await StatusAsync() == HttpStatusCode.OK, "the server answers");
    }

    private async Task LaunchAsync(string line) =>
        await sandbox.Commands.RunAsync($"nohup sh -c '{line}' > /dev/null 2>&1 &", cancellationToken: Cancelled);

    private async Task<HttpStatusCode> StatusAsync()
    {
        using var response = await http.GetAsync(new Uri(Url("http", "/")), Cancelled);
        return response.StatusCode;
    }

    private string Url(string scheme, string path) => $"{scheme}://{Port}-{sandbox.SandboxId}.moru.localhost{path}";

    /// <summary>Every name leads to the server.</summary>
    private SocketsHttpHandler Handler() => new()
    {
        UseProxy = false,
        ConnectCallback = async (_, cancellationToken) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, fixture.Server.HttpUrl!.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    };
}

public sealed class DirectPortTraffic(ServerFixture fixture) : PortTraffic(fixture);

public sealed class PublishedPortTraffic(PublishingServerFixture fixture) : PortTraffic(fixture), IClassFixture<PublishingServerFixture>;
