using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Moru.Protocol;

namespace Moru;

/// <summary>Requests to the control plane.</summary>
internal sealed class ApiTransport(HttpClient http, MoruOptions options, Uri root)
{
    private static readonly string UserAgent = "moru-dotnet-sdk/" + (typeof(ApiTransport).Assembly.GetName().Version?.ToString(3) ?? "0");

    public Uri Root => root;

    public async Task<TResponse> SendAsync<TResponse>(
        HttpMethod method, string path, byte[]? body, JsonTypeInfo<TResponse> type, CancellationToken cancellationToken)
    {
        using var limit = Limit(cancellationToken);
        using var response = await SendAsync(method, path, body, limit.Token, cancellationToken).ConfigureAwait(false);
        return await ReadAsync(response, type, limit.Token).ConfigureAwait(false);
    }

    /// <summary>Reads one page; the token is that of the next page, null on the last.</summary>
    public async Task<(TResponse Page, string? NextToken)> GetPageAsync<TResponse>(
        string path, JsonTypeInfo<TResponse> type, CancellationToken cancellationToken)
    {
        using var limit = Limit(cancellationToken);
        using var response = await SendAsync(HttpMethod.Get, path, null, limit.Token, cancellationToken).ConfigureAwait(false);
        var next = response.Headers.TryGetValues(Headers.NextToken, out var values) ? values.FirstOrDefault() : null;
        return (await ReadAsync(response, type, limit.Token).ConfigureAwait(false), next);
    }

    public async Task SendAsync(HttpMethod method, string path, byte[]? body, CancellationToken cancellationToken)
    {
        using var limit = Limit(cancellationToken);
        using var response = await SendAsync(method, path, body, limit.Token, cancellationToken).ConfigureAwait(false);
    }

    public static byte[] Json<T>(T body, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(body, type);

    private CancellationTokenSource Limit(CancellationToken cancellationToken)
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.RequestTimeout);
        return limit;
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, byte[]? body, CancellationToken limit, CancellationToken cancellationToken)
    {
        try
        {
            var response = await Retry.RunAsync(() => SendOnceAsync(method, path, body, limit), idempotent: method != HttpMethod.Post, limit).ConfigureAwait(false);
            if (response.IsSuccessStatusCode) return response;
            using (response)
                throw ApiErrors.FromApi(await ConnectClient.ReadErrorAsync(response, limit).ConfigureAwait(false));
        }
        catch (HttpRequestException error)
        {
            throw ApiErrors.FromConnection(error, root.GetLeftPart(UriPartial.Authority));
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SandboxTimeoutException(
                $"{method} /{path} took longer than {options.RequestTimeout.TotalSeconds:0.#} s; the server may still carry it out.", error);
        }
    }

    private async Task<HttpResponseMessage> SendOnceAsync(HttpMethod method, string path, byte[]? body, CancellationToken limit)
    {
        using var request = new HttpRequestMessage(method, new Uri(root, path));
        if (body is not null) request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        if (options.ApiKey is { } key) request.Headers.TryAddWithoutValidation(Headers.ApiKey, key);
        if (options.AccessToken is { } token) request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        foreach (var (name, value) in options.Headers ?? new Dictionary<string, string>())
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit).ConfigureAwait(false);
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
