using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Moru.Protocol;

namespace Moru;

/// <summary>Requests to the control plane, with failures as this library's exceptions.</summary>
internal sealed class ApiTransport(HttpClient http, MoruOptions options, Uri root)
{
    private static readonly string UserAgent = "moru-dotnet-sdk/" + (typeof(ApiTransport).Assembly.GetName().Version?.ToString(3) ?? "0");

    public TimeSpan RequestTimeout => options.RequestTimeout;

    public Task<TResponse> SendAsync<TResponse>(
        HttpMethod method, string path, HttpContent? body, JsonTypeInfo<TResponse> type, CancellationToken cancellationToken) =>
        SendAsync(method, path, body, type, RequestTimeout, cancellationToken);

    /// <summary>Sends a request with a limit of its own, such as none for a body of any size.</summary>
    public Task<TResponse> SendAsync<TResponse>(
        HttpMethod method, string path, HttpContent? body, JsonTypeInfo<TResponse> type, TimeSpan timeout, CancellationToken cancellationToken) =>
        CallAsync(method, path, body, timeout, (response, token) => ReadAsync(response, type, token), cancellationToken);

    public Task SendAsync(HttpMethod method, string path, HttpContent? body, CancellationToken cancellationToken) =>
        CallAsync(method, path, body, RequestTimeout, (_, _) => Task.FromResult(true), cancellationToken);

    /// <summary>Reads one page; the token is that of the next page, null on the last.</summary>
    public Task<(TResponse Page, string? NextToken)> GetPageAsync<TResponse>(
        string path, JsonTypeInfo<TResponse> type, CancellationToken cancellationToken) =>
        CallAsync(
            HttpMethod.Get, path, null, RequestTimeout,
            async (response, token) =>
            {
                var next = response.Headers.TryGetValues(Headers.NextToken, out var values) ? values.FirstOrDefault() : null;
                return (await ReadAsync(response, type, token).ConfigureAwait(false), next);
            },
            cancellationToken);

    public Task<byte[]> GetBytesAsync(string path, CancellationToken cancellationToken) =>
        CallAsync(HttpMethod.Get, path, null, RequestTimeout, (response, token) => response.Content.ReadAsByteArrayAsync(token), cancellationToken);

    /// <summary>Waits for the beginning of an answer. Its body is not buffered, has no limit of time, and is the caller's to dispose.</summary>
    public Task<HttpResponseMessage> OpenAsync(string path, CancellationToken cancellationToken) =>
        LimitAsync($"GET /{path}", RequestTimeout, token => RespondAsync(HttpMethod.Get, path, null, token), cancellationToken);

    /// <summary>Sends a body to a URL that the server gave, which is its own permission: credentials stay here, since it may be another server's.</summary>
    public Task UploadAsync(Uri url, Stream body, CancellationToken cancellationToken) =>
        LimitAsync(
            $"PUT {url.GetLeftPart(UriPartial.Path)}", Timeout.InfiniteTimeSpan,
            async token =>
            {
                using var content = new StreamContent(body);
                using var response = await http.PutAsync(url, content, token).ConfigureAwait(false);
                if (!response.IsSuccessStatusCode) throw ApiErrors.FromApi(await ConnectClient.ReadErrorAsync(response, token).ConfigureAwait(false));
                return true;
            },
            cancellationToken);

    public static HttpContent Json<T>(T body, JsonTypeInfo<T> type) =>
        new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, type)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

    private Task<T> CallAsync<T>(
        HttpMethod method, string path, HttpContent? body, TimeSpan timeout,
        Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken cancellationToken) =>
        LimitAsync(
            $"{method} /{path}", timeout,
            async token =>
            {
                using var content = body;
                using var response = await RespondAsync(method, path, body, token).ConfigureAwait(false);
                return await read(response, token).ConfigureAwait(false);
            },
            cancellationToken);

    private async Task<T> LimitAsync<T>(string what, TimeSpan timeout, Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            return await call(limit.Token).ConfigureAwait(false);
        }
        catch (HttpRequestException error)
        {
            throw ApiErrors.FromConnection(error, root.GetLeftPart(UriPartial.Authority));
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SandboxTimeoutException($"{what} took longer than {timeout.TotalSeconds:0.#} s; the server may still carry it out.", error);
        }
    }

    private async Task<HttpResponseMessage> RespondAsync(HttpMethod method, string path, HttpContent? body, CancellationToken cancellationToken)
    {
        // A body that was read may be a stream that cannot be read again.
        var idempotent = body is null && method != HttpMethod.Post;
        var response = await Retry.RunAsync(() => SendOnceAsync(method, path, body, cancellationToken), idempotent, cancellationToken).ConfigureAwait(false);
        if (response.IsSuccessStatusCode) return response;
        using (response)
            throw ApiErrors.FromApi(await ConnectClient.ReadErrorAsync(response, cancellationToken).ConfigureAwait(false));
    }

    private async Task<HttpResponseMessage> SendOnceAsync(HttpMethod method, string path, HttpContent? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(root, path));
        request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        if (options.ApiKey is { } key) request.Headers.TryAddWithoutValidation(Headers.ApiKey, key);
        if (options.AccessToken is { } token) request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        foreach (var (name, value) in options.Headers ?? new Dictionary<string, string>())
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }

        try
        {
            request.Content = body;
            return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            request.Content = null; // it outlives this attempt, since there may be another
        }
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            return await JsonSerializer.DeserializeAsync(body, type, cancellationToken).ConfigureAwait(false)
                ?? throw new SandboxException("The server sent an empty answer.");
        }
    }
}
