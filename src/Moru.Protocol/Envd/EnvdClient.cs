using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Moru.Protocol;

/// <summary>
/// A client of one sandbox's envd, with no policy: no retries, no time-outs, no translation of errors. Every failure that envd
/// or the proxy reports is a <see cref="ConnectException"/>; a connection that cannot be made is an <see cref="HttpRequestException"/>.
/// </summary>
/// <param name="http">Connection to use; it stays the caller's.</param>
/// <param name="baseAddress">Root of envd's URLs.</param>
/// <param name="accessToken">The sandbox's access token, when it has one.</param>
public sealed class EnvdClient(HttpClient http, Uri baseAddress, string? accessToken = null)
{
    /// <summary>Asks envd whether it answers.</summary>
    /// <exception cref="ConnectException">Something else than envd answered, or the proxy did not find the sandbox (HTTP status 502).</exception>
    public async Task HealthAsync(CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Get, "health");
        using var response = await SendAsync(request, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sets environment, token and defaults.</summary>
    public async Task InitAsync(InitRequest init, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Post, "init");
        request.Content = new ByteArrayContent(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(init, EnvdJson.Default.InitRequest))
        {
            Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
        };
        using var response = await SendAsync(request, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Starts a process and yields what happens to it. Leaving the enumeration does not end the process.</summary>
    /// <param name="start">What to run.</param>
    /// <param name="user">User to run as; null: the sandbox's default user.</param>
    /// <param name="timeout">How long the process may run before envd kills it; null or zero: no limit.</param>
    /// <param name="cancellationToken">Stops listening.</param>
    public async IAsyncEnumerable<ProcessEvent> StartAsync(
        StartRequest start,
        string? user,
        TimeSpan? timeout,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var request = Rpc("process.Process/Start", user);
        if (timeout is { } limit && limit > TimeSpan.Zero)
            request.Headers.Add(Headers.ConnectTimeoutMs, Math.Ceiling(limit.TotalMilliseconds).ToString("0", CultureInfo.InvariantCulture));

        var stream = ConnectClient.StreamAsync(
            http, request, start, EnvdJson.Default.StartRequest, EnvdJson.Default.StartResponse, cancellationToken);
        await foreach (var message in stream.ConfigureAwait(false))
            yield return message.Event;
    }

    /// <summary>Sends a signal to a process started through envd.</summary>
    /// <exception cref="ConnectException"><see cref="ConnectCode.NotFound"/>: no such process.</exception>
    public async Task SendSignalAsync(ProcessSelector process, Signal signal, CancellationToken cancellationToken)
    {
        using var request = Rpc("process.Process/SendSignal", user: null);
        await ConnectClient.UnaryAsync(
            http, request, new SendSignalRequest(process, signal), EnvdJson.Default.SendSignalRequest, EnvdJson.Default.Empty, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Lists processes started through envd that still run.</summary>
    public async Task<IReadOnlyList<ProcessInfo>> ListProcessesAsync(CancellationToken cancellationToken)
    {
        using var request = Rpc("process.Process/List", user: null);
        var response = await ConnectClient.UnaryAsync(
            http, request, new Empty(), EnvdJson.Default.Empty, EnvdJson.Default.ListProcessesResponse, cancellationToken).ConfigureAwait(false);
        return response.Processes ?? [];
    }

    /// <summary>Lists a directory.</summary>
    /// <exception cref="ConnectException"><see cref="ConnectCode.NotFound"/>: no such path; <see cref="ConnectCode.InvalidArgument"/>: not a directory.</exception>
    public async Task<IReadOnlyList<FileEntry>> ListDirectoryAsync(ListDirRequest list, string? user, CancellationToken cancellationToken)
    {
        using var request = Rpc("filesystem.Filesystem/ListDir", user);
        var response = await ConnectClient.UnaryAsync(
            http, request, list, EnvdJson.Default.ListDirRequest, EnvdJson.Default.ListDirResponse, cancellationToken).ConfigureAwait(false);
        return response.Entries ?? [];
    }

    /// <summary>Opens a file for reading. The answer is the caller's to dispose; its body is not buffered.</summary>
    /// <exception cref="ConnectException">HTTP status 404: no such file; 400: a directory; 401: unknown user or wrong token.</exception>
    public async Task<HttpResponseMessage> OpenFileAsync(string path, string? user, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Get, FilesQuery(path, user));
        return await SendAsync(request, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes a file, creating missing parents and replacing what was there.</summary>
    /// <exception cref="ConnectException">HTTP status 400: a directory stands there; 507: no space left.</exception>
    public async Task<WrittenFile> WriteFileAsync(string path, HttpContent content, string? user, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Post, FilesQuery(path, user));
        using var form = new MultipartFormDataContent { { content, "file", "file" } };
        request.Content = form;
        using var response = await SendAsync(request, cancellationToken).ConfigureAwait(false);
        var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            var written = await System.Text.Json.JsonSerializer
                .DeserializeAsync(body, EnvdJson.Default.IReadOnlyListWrittenFile, cancellationToken).ConfigureAwait(false);
            return written is [var file, ..] ? file : throw new ConnectException(ConnectCode.Internal, "envd reported no written file");
        }
    }

    private static string FilesQuery(string path, string? user) =>
        $"files?path={Uri.EscapeDataString(path)}" + (user is null ? "" : $"&username={Uri.EscapeDataString(user)}");

    private HttpRequestMessage Rpc(string method, string? user)
    {
        var request = Request(HttpMethod.Post, method);
        if (user is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(user + ":")));
        return request;
    }

    private HttpRequestMessage Request(HttpMethod method, string relative)
    {
        var request = new HttpRequestMessage(method, new Uri(baseAddress, relative)) { Version = HttpVersion.Version11 };
        if (accessToken is not null) request.Headers.TryAddWithoutValidation(Headers.AccessToken, accessToken);
        return request;
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        if (response.IsSuccessStatusCode) return response;
        using (response)
            throw await ConnectClient.ReadErrorAsync(response, cancellationToken).ConfigureAwait(false);
    }
}
