using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ModelContextProtocol.Client;
using Elicit = System.Func<ModelContextProtocol.Protocol.ElicitRequestParams?, System.Threading.CancellationToken, System.Threading.Tasks.ValueTask<ModelContextProtocol.Protocol.ElicitResult>>;

namespace Moru.Mcp.Tests;

/// <summary>The real <c>moru-mcp http</c> on a free port, and clients of it.</summary>
internal sealed class McpHttp : IAsyncDisposable
{
    private readonly McpProcess process;
    private readonly HttpClient http;

    private McpHttp(McpProcess process, Uri url, string key)
    {
        (this.process, Url, Key) = (process, url, key);
        // A refusal that comes late on a busy machine must still come before the body.
        http = new HttpClient(new SocketsHttpHandler { Expect100ContinueTimeout = Eventually.Limit }) { BaseAddress = url };
    }

    public Uri Url { get; }

    public string Key { get; }

    /// <summary>What it has written to stderr so far.</summary>
    public string Errors => process.Errors;

    public static async Task<McpHttp> StartAsync(string dataDirectory, string arguments = "", int port = 0, params (string Name, string Value)[] environment)
    {
        var process = McpProcess.Start(dataDirectory, $"http --port {port} --sse {arguments}", environment);
        var line = await process.Output.ReadLineAsync().WaitAsync(Eventually.Limit);
        var url = new Uri(line!.Split(' ')[3].TrimEnd(','));
        return new McpHttp(process, url, (await File.ReadAllTextAsync(Path.Combine(dataDirectory, "api-key"))).Trim());
    }

    /// <summary>The official client.</summary>
    /// <param name="protocol">Revision to speak; null: the newest.</param>
    /// <param name="session">Name of the session; null: none is given.</param>
    /// <param name="key">The API key; null: that of this machine.</param>
    /// <param name="sse">Whether to use the transport of 2024.</param>
    /// <param name="elicit">Answers in the user's place; null: the client cannot ask.</param>
    /// <param name="extension">An extension that the client declares; null: none.</param>
    public async Task<McpClient> ConnectAsync(string? protocol = null, string? session = null, string? key = null, bool sse = false, Elicit? elicit = null, string? extension = null)
    {
        var headers = new Dictionary<string, string> { ["Authorization"] = "Bearer " + (key ?? Key) };
        if (session is not null) headers["Moru-Session"] = session;
        var transport = new HttpClientTransport(new HttpClientTransportOptions
        {
            Endpoint = sse ? new Uri(Url + "/sse") : Url,
            TransportMode = sse ? HttpTransportMode.Sse : HttpTransportMode.StreamableHttp,
            AdditionalHeaders = headers,
        });
        var options = new McpClientOptions { ProtocolVersion = protocol, DiscoverProbeTimeout = Eventually.Limit, Handlers = new McpClientHandlers { ElicitationHandler = elicit }, Capabilities = McpProcess.Declare(extension) };
        return await McpClient.CreateAsync(transport, options, cancellationToken: TestContext.Current.CancellationToken);
    }

    /// <summary>Sends a request as it is, with the headers named besides those every client sends.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, [StringSyntax("uri")] string path, string? body, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, path) { Content = body is null ? null : new StringContent(body, null, "application/json") };
        request.Headers.TryAddWithoutValidation("Accept", "application/json, text/event-stream");
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }

    public async Task<HttpStatusCode> StatusAsync(string body, params (string Name, string Value)[] headers)
    {
        using var response = await SendAsync(HttpMethod.Post, "/mcp", body, headers);
        return response.StatusCode;
    }

    /// <summary>Sends bytes as they are and returns what comes until the server closes the connection.</summary>
    public async Task<string> ExchangeAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(Url.Host, Url.Port, TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(client.GetStream());
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }

    public Task<TimeSpan> TerminateAsync() => process.TerminateAsync();

    public Task KillAsync() => process.KillAsync();

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await process.DisposeAsync();
    }
}
